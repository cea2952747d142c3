// The search box: regions, authorities and areas as one types. A combobox with a list of options.

// One, several. In the order in which people mean them.
const GEOGRAPHIES = {
  region: ["region", "regions"],
  authority: ["council", "councils"],
  constituency: ["constituency", "constituencies"],
  ward: ["ward", "wards"],
  icb: ["care board", "care boards"],
  place: ["place", "places"],
};
let haystack = null;
let known = null;

const folded = (text) =>
  text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/['’]/g, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .replace(/\bst\b/g, "saint")
    .replace(/\band\b/g, " ")
    .replace(/ +/g, " ")
    .trim();

function prepareSearch() {
  if (haystack) return haystack;
  const lads = model.lads.map(([code, name, region]) => `${folded(name)} ${code.toLowerCase()} ${folded(region)}`);
  const places = model.places.map(folded);
  haystack = model.name.map(
    (name, area) =>
      ` ${folded(name)} ${codeOf(area).toLowerCase()} ${places[model.knownOf[area] - 1] ?? ""} ${lads[model.ladOf[area]]}`,
  );
  return haystack;
}

// The larger areas and places that have a name: what kind, how the name is compared, where it leads.
function prepareNames() {
  if (known) return known;
  const named = (kind, key, name, code = "") => ({ kind, key, name, text: folded(name), code: code.toLowerCase() });
  known = [
    ...model.regions.map((name) => named("region", name, name)),
    ...model.lads.map(([code, name]) => named("authority", code, name, code)),
    ...model.larger.flatMap(({ geography, areas }) =>
      areas.map(([code, name]) => named(geography, code, name, code)),
    ),
    ...model.places.map((name) => named("place", KNOWN + name, name)),
  ];
  return known;
}

// Every word that is written begins one of the name's.
function matcher(query) {
  const terms = folded(query).split(" ").filter(Boolean);
  const texts = prepareSearch();
  return (area) => terms.every((term) => texts[area].includes(` ${term}`));
}

const OPTIONS = 8;
const OF_A_KIND = 3;
const [EXACT, BEGINS, WORDS, CLOSE] = [0, 1, 2, 3];
const NOTHING = { places: [], areas: [], count: 0, isClose: false, formerly: [] };

function compared({ text, code }, wanted) {
  if (text === wanted || code === wanted) return EXACT;
  if (text.startsWith(wanted)) return BEGINS;
  return wanted.split(" ").every((term) => ` ${text}`.includes(` ${term}`)) ? WORDS : null;
}

// How many letters to change, add, leave out or swap, if it is no more than the most.
function apart(one, other, most) {
  if (Math.abs(one.length - other.length) > most) return most + 1;
  let before = null;
  let last = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let row = 1; row <= one.length; row += 1) {
    const here = [row];
    for (let at = 1; at <= other.length; at += 1) {
      const same = one[row - 1] === other[at - 1];
      here[at] = Math.min(last[at] + 1, here[at - 1] + 1, last[at - 1] + (same ? 0 : 1));
      const swapped = row > 1 && at > 1 && one[row - 1] === other[at - 2] && one[row - 2] === other[at - 1];
      if (swapped) here[at] = Math.min(here[at], before[at - 2] + 1);
    }
    if (Math.min(...here) > most) return most + 1;
    [before, last] = [last, here];
  }
  return last[other.length];
}

function closeTo(wanted) {
  if (wanted.length < 4) return [];
  const most = wanted.length < 7 ? 1 : 2;
  const near = (text) =>
    Math.min(apart(wanted, text, most), ...text.split(" ").map((word) => (word.length > 3 ? apart(wanted, word, most) : most + 1)));
  return prepareNames()
    .map((name) => ({ ...name, how: CLOSE, letters: near(name.text) }))
    .filter(({ letters }) => letters <= most)
    .sort((a, b) => a.letters - b.letters);
}

// What became of an authority or a small area of another time that has this name or code.
function formerly(wanted) {
  return model.formerly
    .filter(({ code, name }) => code.toLowerCase() === wanted || folded(name ?? "") === wanted)
    .map(({ code, name, how, year, became }) => {
      const now = became.map(([to, called]) => (called ? `${called} (${to})` : to)).join(" and ");
      const was = name ? `${name} (${code})` : code;
      if (how === "successor" && code !== became[0][0]) return `${was} became part of ${now} in ${year}.`;
      return `${was} has been ${now} since ${year}.`;
    });
}

// Larger areas and places by kind, as surely as they were found; then areas, those on the list first.
function find(query) {
  const wanted = folded(query);
  const sure = prepareNames()
    .map((name) => ({ ...name, how: compared(name, wanted) }))
    .filter(({ how }) => how !== null)
    .sort((a, b) => a.how - b.how);
  const matches = matcher(query);
  const best = [[], [], []];
  let count = 0;
  for (let area = 0; area < model.count; area += 1) {
    if (!matches(area)) continue;
    count += 1;
    const starts = haystack[area].startsWith(` ${wanted}`) || codeOf(area).toLowerCase() === wanted;
    const rank = model.classOf[area] === BOTH ? 0 : starts ? 1 : 2;
    if (best[rank].length < OPTIONS) best[rank].push(area);
  }
  const found = sure.length || count ? sure : closeTo(wanted);
  const kinds = new Map();
  for (const name of found) {
    if (!kinds.has(name.kind)) kinds.set(name.kind, []);
    kinds.get(name.kind).push(name);
  }
  const ordered = Object.keys(GEOGRAPHIES).filter((kind) => kinds.has(kind));
  return {
    places: ordered.flatMap((kind) => kinds.get(kind).slice(0, OF_A_KIND)),
    areas: best.flat().slice(0, OPTIONS),
    count,
    isClose: Boolean(found.length) && found[0].how === CLOSE,
    formerly: formerly(wanted),
  };
}

const ofAll = (shown, all) => (shown < all ? `${number(shown)} of ` : "") + plural(all, model.words.one, model.words.several);

function startSearch({ onPlace, onArea, onText }) {
  const input = byId("search");
  const list = byId("search-options");
  let options = [];
  let active = -1;

  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (option) => {
    input.value = "";
    close();
    option.act();
  };
  const activate = (next) => {
    active = next;
    [...list.children].forEach((child, at) => child.setAttribute("aria-selected", at === active));
    if (active < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", list.children[active].id);
      list.children[active].scrollIntoView({ block: "nearest" });
    }
  };

  async function open() {
    const query = input.value.trim();
    if (!folded(query)) {
      close();
      return;
    }
    const postcode = postcodeIn(query);
    if (!postcode) {
      show(query, find(query));
      return;
    }
    const { areas, said } = await findPostcode(postcode);
    // Somebody may have gone on meanwhile.
    if (input.value.trim() !== query || document.activeElement !== input) return;
    if (areas.length) show(query, { ...NOTHING, areas: areas.slice(0, OPTIONS), postcode: { text: postcode.text, all: areas.length } }, said);
    else show(query, said ? NOTHING : find(query), said);
  }

  function show(query, found, said = "") {
    options = [
      ...found.places.map(({ key, name, kind }) => ({
        label: name,
        note: GEOGRAPHIES[kind][0],
        act: () => onPlace(key),
      })),
      ...found.areas.map(optionOf),
    ];
    if (found.count) {
      const all = `Show ${plural(found.count, `matching ${model.words.one}`, `matching ${model.words.several}`)} in the list`;
      options.push({ label: all, note: "", act: () => onText(query) });
    }
    list.replaceChildren(
      ...options.map((option, at) =>
        element(
          "li",
          {
            id: `option-${at}`,
            role: "option",
            "aria-selected": "false",
            onpointerdown: (event) => event.preventDefault(),
            onclick: () => choose(option),
          },
          element("span", {}, option.label),
          element(
            "span",
            { class: "note" },
            option.note,
            option.kind === undefined ? null : badge(option.kind),
          ),
        ),
      ),
    );
    list.hidden = !options.length;
    activate(-1);
    input.setAttribute("aria-expanded", String(Boolean(options.length)));
    const several = options.length - (found.count ? 1 : 0);
    const status = () => {
      if (found.postcode) return `${ofAll(several, found.postcode.all)} with postcodes ${found.postcode.text}`;
      if (found.count) return `${plural(several, "suggestion", "suggestions")}; ${number(found.count)} ${model.words.several} match`;
      return several ? `Did you mean one of ${plural(several, "name", "names")}?` : "Nothing matches";
    };
    byId("search-status").textContent = status();
    const told = [...found.formerly, ...(said ? [said] : [])];
    if (found.postcode?.all > several) told.push(`${capital(ofAll(several, found.postcode.all))} with postcodes ${found.postcode.text}:`);
    if (found.isClose) told.push(`Nothing is called “${query}”. Did you mean:`);
    else if (!options.length && !told.length) told.push("Nothing matches.");
    tell(told);
  }

  const optionOf = (area) => ({
    label: titleOf(area),
    note: `${codeOf(area)}, ${ladOf(area)[1]}`,
    kind: model.classOf[area],
    act: () => onArea(area),
  });

  function tell(told) {
    byId("search-nothing").textContent = told.join(" ");
    byId("search-nothing").hidden = !told.length;
  }

  input.addEventListener("input", open);
  input.addEventListener("focus", () => {
    prepareSearch();
    if (input.value) open();
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const count = options.length;
    if (event.key === "Escape") {
      if (list.hidden) input.value = "";
      close();
    } else if (event.key === "Enter") {
      if (active >= 0) choose(options[active]);
      else if (!list.hidden && count) choose(options[count === 2 ? 0 : count - 1]);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && count && !list.hidden) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      activate((active + step + (active < 0 && step < 0 ? 1 : 0) + count) % count);
    }
  });
}

// A class in a word, with its colour beside it: never the colour alone.
function badge(kind) {
  const { key, label } = CLASSES[kind];
  return element("span", { class: "badge" }, element("i", { class: `swatch ${key}` }), label);
}
