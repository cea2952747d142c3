// The list: what is on it or in another class, by place and text, sorted, fifty at a time.

// `more`: what tells it from another link to the same area on the page.
function areaLink(area, more = "") {
  return element(
    "a",
    {
      href: `#${hashOf({ ...state, area: codeOf(area) })}`,
      id: `open-${codeOf(area)}${more}`,
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
    cell: sureness,
  },
];

const rankText = (rank) => (rank ? number(rank) : "–");
function sureness(area) {
  const share = surenessOf(area);
  if (share === null) return "–";
  return [percent(share, share > 0 && share < 1 ? 1 : 0), element("span", { class: "note" }, surenessWord(area))];
}

const renderList = (box) => refill(box, listed());

// The list with what chooses from it, and the buttons that save it.
function listed() {
  const list = chosenAreas();
  const counts = countsIn(state.place);
  const show = element(
    "select",
    { id: "show", onchange: (event) => set({ show: event.target.value, page: 1 }) },
    [...CLASSES.map(({ key, label }, kind) => [key, label, counts[kind]]), ["all", "All", counts.reduce((sum, count) => sum + count)]]
      .filter(([key, , count]) => count || key === state.show)
      .map(([key, label, count]) =>
        element("option", { value: key, selected: key === state.show }, `${label} (${number(count)})`),
      ),
  );
  return [
    element(
      "div",
      { class: "bar" },
      element("label", { for: "show" }, "Show"),
      show,
      state.q ? chip("q", `Matching “${state.q}”`, { q: "" }) : null,
    ),
    list.length ? saveButtons("areas", () => list.map(record)) : null,
    sortedTable({
      id: "areas",
      caption: `${plural(list.length, model.words.one, model.words.several)}. Rank 1 = worst. Choose a head to sort by it.`,
      // How sure is said of the edition's own list, and would contradict another.
      columns: model.draws && isOwnThreshold() ? LIST_COLUMNS : LIST_COLUMNS.slice(0, -1),
      rows: list,
      at: state,
      set,
      empty: `No ${model.words.one} ${state.place ? "here " : ""}is of this class${state.q ? " and this text" : ""}. Choose another class above.`,
    }),
  ];
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
