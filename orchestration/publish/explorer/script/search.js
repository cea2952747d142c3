// The search box: regions, authorities and areas as one types. A combobox with a list of options.

let haystack = null;

const folded = (text) =>
  text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/['’]/g, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

function prepareSearch() {
  if (haystack) return haystack;
  const lads = model.lads.map(([code, name, region]) => `${folded(name)} ${code.toLowerCase()} ${folded(region)}`);
  haystack = model.name.map(
    (name, area) => `${folded(name)} ${codeOf(area).toLowerCase()} ${lads[model.ladOf[area]]}`,
  );
  return haystack;
}

function matcher(query) {
  const terms = folded(query).split(" ").filter(Boolean);
  const texts = prepareSearch();
  return (area) => terms.every((term) => texts[area].includes(term));
}

const OPTIONS = 8;

// Regions and authorities whose own name or code has it, then areas: on the list first.
function find(query) {
  const wanted = folded(query);
  const has = (text) => ` ${folded(text)}`.includes(` ${wanted}`);
  const places = [
    ...model.regions.filter(has).map((name) => ({ place: name, label: name, kind: "region" })),
    ...model.lads
      .filter(([code, name]) => has(name) || has(code))
      .map(([code, name]) => ({ place: code, label: name, kind: "authority" })),
  ].slice(0, 5);
  const matches = matcher(query);
  const best = [[], [], []];
  let count = 0;
  for (let area = 0; area < model.count; area += 1) {
    if (!matches(area)) continue;
    count += 1;
    const starts = haystack[area].startsWith(wanted) || codeOf(area).toLowerCase() === wanted;
    const rank = model.classOf[area] === BOTH ? 0 : starts ? 1 : 2;
    if (best[rank].length < OPTIONS) best[rank].push(area);
  }
  return { places, areas: best.flat().slice(0, OPTIONS), count };
}

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

  function open() {
    const query = input.value.trim();
    if (!folded(query)) {
      close();
      return;
    }
    const found = find(query);
    options = [
      ...found.places.map(({ place, label, kind }) => ({
        label,
        note: kind,
        act: () => onPlace(place),
      })),
      ...found.areas.map((area) => ({
        label: model.name[area],
        note: `${codeOf(area)}, ${ladOf(area)[1]}`,
        kind: model.classOf[area],
        act: () => onArea(area),
      })),
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
    byId("search-status").textContent = found.count
      ? `${plural(several, "suggestion", "suggestions")}; ${number(found.count)} ${model.words.several} match`
      : "Nothing matches";
    byId("search-nothing").hidden = Boolean(options.length);
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
