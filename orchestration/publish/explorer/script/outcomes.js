// Outcomes: areas on the list beside other deprived ones, the rest and the whole country.

const GROUPS = [
  { key: "left_behind", label: "On the list" },
  { key: "other_deprived", label: "Other deprived" },
  { key: "rest", label: "Rest" },
  { key: "nation", label: "All" },
];
const METHODS = { pooled: "everybody counts the same", mean_of_areas: "every area counts the same" };
const DIRECTIONS = {
  higher_is_worse: "higher is worse",
  higher_is_better: "higher is better",
  neither: "neither way is worse",
};

function renderOutcomes(box) {
  if (!model.detail) {
    refill(box, element("p", { class: "hint" }, "Reading the outcomes…"));
    return;
  }
  const rows = model.detail.outcomes.filter(({ method }) => method === state.method);
  const [own, built] = [rows.filter((row) => !row.in_imd), rows.filter((row) => row.in_imd)];
  refill(
    box,
    element("h2", {}, "Outcomes"),
    element(
      "p",
      { class: "lede" },
      "How areas on the edition's list (at its own thresholds) fare beside other areas in the IMD's worst 10%, the rest, and all. A difference is no effect of being on the list.",
    ),
    element(
      "p",
      { class: "bar" },
      element("label", { for: "method" }, "Rates in which"),
      element(
        "select",
        { id: "method", onchange: (event) => set({ method: event.target.value }) },
        Object.entries(METHODS).map(([key, label]) =>
          element("option", { value: key, selected: key === state.method }, label),
        ),
      ),
    ),
    element(
      "ul",
      { class: "legend", "aria-label": "Groups of areas" },
      GROUPS.map(({ key, label }) => element("li", {}, element("i", { class: `mark ${key}` }), label)),
    ),
    outcomeTable("Outcomes that are no part of the IMD", own),
    built.length
      ? outcomeTable("Parts of the IMD: the list is chosen by it, so a gap is there by construction", built)
      : null,
    element(
      "p",
      { class: "hint" },
      "Each outcome has its own scale. Thin bars: 95% intervals; they describe how much the areas of a group differ from one another, since these are complete counts and no sample.",
    ),
  );
}

function outcomeTable(caption, rows) {
  return element(
    "table",
    { class: "outcomes" },
    element("caption", {}, caption),
    element(
      "thead",
      {},
      element("tr", {}, GROUPS.map(({ label }) => element("th", { scope: "col", class: "number" }, label))),
    ),
    rows.map(outcomeRows),
  );
}

const ENDS = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1];

// An outcome: its name and chart over the four rates.
function outcomeRows({ label, of, when, direction, rounding, error, caveat, groups }) {
  const shown = GROUPS.filter(({ key }) => groups[key] && groups[key][0] !== null);
  const most = Math.max(0, ...shown.map(({ key }) => groups[key][2] ?? groups[key][0]));
  const end = ENDS.find((one) => one >= most) ?? most;
  const line = element("span", { class: "track" });
  for (const { key } of shown.reverse()) {
    const [rate, low, high] = groups[key];
    const bar = element("i", { class: `interval ${key}` });
    const from = Math.max(0, low ?? rate);
    bar.style.left = `${(100 * from) / end}%`;
    bar.style.width = `${(100 * ((high ?? rate) - from)) / end}%`;
    const mark = element("i", { class: `mark ${key}` });
    mark.style.left = `${(100 * rate) / end}%`;
    line.append(bar, mark);
  }
  return element(
    "tbody",
    {},
    element(
      "tr",
      {},
      element(
        "th",
        { scope: "rowgroup", colspan: GROUPS.length },
        label,
        element("span", { class: "note" }, `Share of ${of}. ${when}; ${DIRECTIONS[direction] ?? direction}`),
        caveat ? element("span", { class: "note" }, caveat) : null,
        element(
          "span",
          { class: "note" },
          `Counts: ${rounding}.`,
          error === null ? "" : ` That alone can put the rate of one area of middle size off by ${(100 * error).toFixed(2)} percentage points, of many by less.`,
        ),
        element(
          "span",
          { class: "plot note", "aria-hidden": "true" },
          element("span", {}, "0"),
          line,
          element("span", {}, percent(end, 0)),
        ),
      ),
    ),
    element(
      "tr",
      {},
      GROUPS.map(({ key }) =>
        element("td", { class: "number" }, shown.some((group) => group.key === key) ? percent(groups[key][0]) : "–"),
      ),
    ),
  );
}
