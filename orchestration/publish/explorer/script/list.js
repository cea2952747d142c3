// The list: what is on it or in another class, by place and text, sorted, fifty at a time.

function areaLink(area) {
  return element(
    "a",
    {
      href: `#${hashOf({ ...state, area: codeOf(area) })}`,
      id: `open-${codeOf(area)}`,
      onclick: (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        openArea(area);
      },
      onpointerenter: () => map.mark(area),
      onpointerleave: () => map.mark(null),
    },
    titleOf(area),
  );
}

const KNOWN = "place:";
const placeName = (place) =>
  model.lads.find(([code]) => code === place)?.[1] ??
  model.largerOf.get(place)?.name ??
  (place.startsWith(KNOWN) ? place.slice(KNOWN.length) : place);

// Areas of the chosen place: a region by its name, any other larger area by its code, a place that
// people know by its name with a word before it.
function inPlace(place) {
  if (!place) return () => true;
  const larger = model.largerOf.get(place);
  if (larger) return (area) => larger.kind.of[area] === larger.number;
  if (place.startsWith(KNOWN)) {
    const known = model.places.indexOf(place.slice(KNOWN.length)) + 1;
    return (area) => model.knownOf[area] === known;
  }
  return (area) => ladOf(area)[0] === place || ladOf(area)[2] === place;
}

// What is on the list in the chosen place, in a sentence.
function placeSentence() {
  const here = allAreas().filter(inPlace(state.place));
  const rated = here.filter((area) => model.classOf[area] !== NOT_RATED);
  const listed = here.filter((area) => model.classOf[area] === BOTH);
  const several = model.words.several;
  const name = placeName(state.place);
  const own = name.endsWith("s") ? `${name}'` : `${name}'s`;
  if (!rated.length) return `No ${model.words.one} of ${name} is rated.`;
  if (!listed.length) {
    return rated.length === 1
      ? `The one rated ${model.words.one} of ${name} is not on the list.`
      : `None of ${own} ${number(rated.length)} rated ${several} is on the list.`;
  }
  const people = listed.reduce((sum, area) => sum + (residentsOf(area) ?? 0), 0);
  const verb = listed.length === 1 ? "is" : "are";
  const share = percent(listed.length / rated.length, 0);
  return `${number(listed.length)} of ${own} ${plural(rated.length, `rated ${model.words.one}`, `rated ${several}`)} (${share}) ${verb} on the list; ${plural(people, "person lives", "people live")} there.`;
}

function chosenAreas() {
  const here = inPlace(state.place);
  const matches = state.q ? matcher(state.q) : () => true;
  const kind = CLASSES.findIndex(({ key }) => key === state.show);
  const found = [];
  for (let area = 0; area < model.count; area += 1) {
    if ((kind < 0 || model.classOf[area] === kind) && here(area) && matches(area)) found.push(area);
  }
  return found;
}

const LIST_COLUMNS = [
  {
    key: "name",
    label: "Area",
    value: titleOf,
    cell: (area) => [
      areaLink(area),
      element("span", { class: "note" }, `${codeOf(area)} · ${ladOf(area)[1]}, ${ladOf(area)[2]}`),
      element(
        "span",
        { class: "reason" },
        state.show === "both" ? null : badge(model.classOf[area]),
        reasonOf(area),
      ),
    ],
  },
  {
    key: "imd",
    label: "IMD rank",
    title: "Rank on the Index of Multiple Deprivation; 1 = worst",
    number: true,
    value: (area) => model.imdOf[area] || null,
    cell: (area) => rankText(model.imdOf[area]),
  },
  {
    key: "cni",
    label: "CNI rank",
    title: "Rank on the Community Needs Index; 1 = worst",
    number: true,
    value: (area) => model.cniOf[area] || null,
    cell: (area) => rankText(model.cniOf[area]),
  },
  {
    key: "sure",
    label: "How sure",
    title: "Share of the drawn lists that have the area on them",
    number: true,
    narrow: false,
    value: surenessOf,
    cell: (area) => sureness(surenessOf(area)),
  },
];

const rankText = (rank) => (rank ? number(rank) : "–");
const sureness = (share) =>
  share === null
    ? "–"
    : [percent(share, share > 0 && share < 1 ? 1 : 0), element("span", { class: "note" }, surenessWord(share))];

function renderList(box) {
  const list = chosenAreas();
  const chips = [
    state.place && chip("place", `In ${placeName(state.place)}`, { place: "" }),
    state.q && chip("q", `Matching “${state.q}”`, { q: "" }),
  ].filter(Boolean);
  const show = element(
    "select",
    { id: "show", onchange: (event) => set({ show: event.target.value, page: 1 }) },
    [...CLASSES.map(({ key, label }, kind) => [key, label, model.counts[kind]]), ["all", "All areas", model.count]]
      .filter(([key, , count]) => count || key === state.show)
      .map(([key, label, count]) =>
        element("option", { value: key, selected: key === state.show }, `${label} (${number(count)})`),
      ),
  );
  refill(
    box,
    state.place ? element("p", { id: "place-sentence" }, placeSentence()) : null,
    element("div", { class: "bar" }, element("label", { for: "show" }, "Show"), show, chips),
    sortedTable({
      id: "areas",
      caption: `${plural(list.length, model.words.one, model.words.several)}. Rank 1 = worst. Choose a head to sort by it.`,
      // How sure is said of the edition's own list, and would contradict another.
      columns: model.draws && isOwnThreshold() ? LIST_COLUMNS : LIST_COLUMNS.slice(0, -1),
      rows: list,
      at: state,
      set,
      empty: `Nothing to show: no ${model.words.one} is of this class and all filters. Choose another class, or take a filter away.`,
    }),
    list.length ? saveButtons("areas", () => list.map(record)) : null,
  );
}

function chip(id, text, changes) {
  return element(
    "button",
    {
      type: "button",
      class: "chip",
      id: `chip-${id}`,
      "aria-label": `${text}. Take this filter away`,
      onclick: () => set({ ...changes, page: 1 }),
    },
    text,
    element("span", { "aria-hidden": "true" }, " ×"),
  );
}
