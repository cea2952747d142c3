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
            onclick: () => goToPlace(row.key),
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

const measuresOf = (level) => model.detail?.summary[level] ?? {};

function councilTable(rows, empty) {
  const names = new Map(model.lads.map(([code, name, region]) => [code, { name, region }]));
  return sortedTable({
    id: "lads",
    caption: "Choose a council to see its page.",
    columns: summaryColumns(
      "Council",
      (row) => names.get(row.key).name,
      (row) => `${row.key} · ${names.get(row.key).region}`,
      measuresOf("lad"),
    ),
    rows,
    at: state.lads,
    set: (changes) => set({ lads: { ...state.lads, ...changes } }),
    empty,
  });
}

const councilsOf = (region) => {
  const inside = new Set(model.lads.filter((lad) => lad[2] === region).map(([code]) => code));
  return councilTable(counted((area) => ladOf(area)[0]).filter(({ key }) => inside.has(key)));
};

function renderSummary(box) {
  const regions = counted((area) => ladOf(area)[2]);
  const lads = counted((area) => ladOf(area)[0]);
  const shown = lads.filter((row) => state.all || row.listed);
  const ladName = new Map(model.lads);
  refill(
    box,
    element("h2", {}, "By region"),
    element(
      "p",
      { class: "hint" },
      `The list is counted at the chosen threshold. Two measures of the ${model.indices.imd.label} stand beside it: the share of LSOAs in the worst 10%, and the extent, the share of residents in the most deprived LSOAs (whole in the worst 10%, less and less down to 30%).`,
    ),
    saveButtons("places", () => [
      ...regions.map((row) => placeRecord("region", row.key, row.key, row, measuresOf("region"))),
      ...shown.map((row) => placeRecord("authority", row.key, ladName.get(row.key), row, measuresOf("lad"))),
    ]),
    sortedTable({
      id: "regions",
      caption: "Choose a region to see its page.",
      columns: summaryColumns("Region", (row) => row.key, () => "", measuresOf("region")),
      rows: regions,
      at: { ...state.regions, page: 1 },
      set: (changes) => set({ regions: { ...state.regions, ...changes } }),
    }),
    element("h2", {}, "By council"),
    element(
      "p",
      { class: "bar" },
      element("label", {}, element("input", { type: "checkbox", id: "all-lads", checked: state.all, onchange: (event) => set({ all: event.target.checked, lads: { ...state.lads, page: 1 } }) }), " also those without any area on the list"),
    ),
    councilTable(shown, `No council has a ${model.words.one} on the list.`),
  );
}
