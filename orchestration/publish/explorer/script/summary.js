// Regions and authorities: what is on the list in each, counted from the areas at the threshold.

function counted(groupOf) {
  const groups = new Map();
  for (let area = 0; area < model.count; area += 1) {
    const key = groupOf(area);
    let group = groups.get(key);
    if (!group) {
      group = { key, areas: 0, rated: 0, listed: 0, residents: 0, residentsListed: 0 };
      groups.set(key, group);
    }
    const residents = residentsOf(area) ?? 0;
    group.areas += 1;
    group.rated += model.classOf[area] !== NOT_RATED;
    group.residents += residents;
    if (model.classOf[area] === BOTH) {
      group.listed += 1;
      group.residentsListed += residents;
    }
  }
  return [...groups.values()];
}

function summaryColumns(head, name, note, measures) {
  const column = (key, label, value, cell, more = {}) => ({ key, label, value, cell, number: true, ...more });
  const measure = (row, at) => measures[row.key]?.[at] ?? null;
  const share = (value) => (value === null ? "–" : percent(value));
  return [
    {
      key: "name",
      label: head,
      value: name,
      cell: (row) => [
        element(
          "button",
          {
            type: "button",
            class: "link",
            id: `go-${row.key}`,
            onclick: () => goToPlace(row.key, { tab: "list", page: 1 }),
          },
          name(row),
        ),
        note(row) ? element("span", { class: "note" }, note(row)) : null,
      ],
    },
    column("listed", "On the list", (row) => row.listed, (row) => number(row.listed)),
    column("areas", capital(model.words.several), (row) => row.areas, (row) => number(row.areas), { narrow: false }),
    column("share", "Share", (row) => row.listed / row.rated || 0, (row) => share(row.listed / row.rated || 0), {
      title: `Share of the rated ${model.words.several} that are on the list`,
    }),
    column("people", "Residents on it", (row) => row.residentsListed, (row) => number(row.residentsListed)),
    column("proportion", "IMD worst 10%", (row) => measure(row, 0), (row) => share(measure(row, 0)), {
      narrow: false,
    }),
    column("extent", "IMD extent", (row) => measure(row, 1), (row) => share(measure(row, 1)), {
      narrow: false,
    }),
  ];
}

function placeRecord(level, code, name, row, measures) {
  const [proportion, extent] = measures[row.key] ?? [null, null];
  return {
    ...origin(),
    imd_threshold_percent: state.imd / 2,
    cni_threshold_percent: state.cni / 2,
    level,
    code: level === "region" ? null : code,
    name,
    areas: row.areas,
    areas_rated: row.rated,
    areas_listed: row.listed,
    population: row.residents,
    population_listed: row.residentsListed,
    proportion,
    extent,
  };
}

function renderSummary(box) {
  const measures = model.detail?.summary ?? { region: {}, lad: {} };
  const regions = counted((area) => ladOf(area)[2]);
  const lads = counted((area) => ladOf(area)[0]);
  const here = state.place && model.regions.includes(state.place) ? state.place : "";
  const names = new Map(model.lads.map(([code, name, region]) => [code, { name, region }]));
  const shown = lads.filter((row) => (!here || names.get(row.key).region === here) && (state.all || row.listed));
  refill(
    box,
    element("h2", {}, "By region"),
    element(
      "p",
      { class: "hint" },
      `The list is counted at the chosen threshold. Two measures of the ${model.indices.imd.label} stand beside it: the share of LSOAs in the worst 10%, and the extent, the share of residents in the most deprived LSOAs (whole in the worst 10%, less and less down to 30%).`,
    ),
    sortedTable({
      id: "regions",
      caption: "Choose a region to see its list.",
      columns: summaryColumns("Region", (row) => row.key, () => "", measures.region),
      rows: regions,
      at: { ...state.regions, page: 1 },
      set: (changes) => set({ regions: { ...state.regions, ...changes } }),
    }),
    element("h2", {}, here ? `By authority in ${here}` : "By authority"),
    element(
      "p",
      { class: "bar" },
      element("label", {}, element("input", { type: "checkbox", id: "all-lads", checked: state.all, onchange: (event) => set({ all: event.target.checked, lads: { ...state.lads, page: 1 } }) }), " also those without any area on the list"),
    ),
    sortedTable({
      id: "lads",
      caption: "Choose an authority to see its list.",
      columns: summaryColumns(
        "Authority",
        (row) => names.get(row.key).name,
        (row) => `${row.key} · ${names.get(row.key).region}`,
        measures.lad,
      ),
      rows: shown,
      at: state.lads,
      set: (changes) => set({ lads: { ...state.lads, ...changes } }),
      empty: "No authority has an area on the list.",
    }),
    saveButtons("places", () => [
      ...regions.map((row) => placeRecord("region", row.key, row.key, row, measures.region)),
      ...shown.map((row) => placeRecord("authority", row.key, names.get(row.key).name, row, measures.lad)),
    ]),
  );
}
