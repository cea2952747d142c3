// Elements and numbers. Text goes in as text, never as markup: no name in the data can become code.

const byId = (id) => document.getElementById(id);

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

// Puts new children into a box; the focus stays where it was if its element has an id that returns.
function refill(box, ...children) {
  const focused = box.contains(document.activeElement) ? document.activeElement.id : "";
  box.replaceChildren(...children.flat(Infinity).filter((child) => child !== null));
  if (focused && byId(focused)) byId(focused).focus({ preventScroll: true });
}

// Takes the reader to what was asked for: the focus, and the place on the page unless it is in sight.
function land(id) {
  const head = byId(id);
  head.focus({ preventScroll: true });
  const { top } = head.getBoundingClientRect();
  if (top < 0 || top > 0.6 * window.innerHeight) head.scrollIntoView({ block: "start" });
}

const formatted = new Intl.NumberFormat("en-GB");
const number = (value) => formatted.format(value);
const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)}%`;
const halves = (half) => `${half / 2}%`;
const plural = (count, one, several) => `${number(count)} ${count === 1 ? one : several}`;
const have = (count) => (count === 1 ? "has" : "have");
const ordinal = (place) => {
  const last = place % 100;
  const tail = last > 10 && last < 14 ? "th" : (["th", "st", "nd", "rd"][place % 10] ?? "th");
  return `${number(place)}${tail}`;
};
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
