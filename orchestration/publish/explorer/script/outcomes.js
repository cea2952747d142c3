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
  const own = (direction) => rows.filter((row) => !row.in_imd && row.direction === direction);
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
    Object.keys(DIRECTIONS).map((direction) => outcomeGroup(DIRECTIONS[direction], own(direction))),
    outcomeGroup("parts of the IMD, by which the list is chosen: a gap is there by construction", rows.filter((row) => row.in_imd)),
    element(
      "p",
      { class: "hint" },
      "Each outcome has its own scale. Thin bars: 95% intervals; they describe how much the areas of a group differ from one another, since these are complete counts and no sample.",
    ),
  );
}

// What a group of outcomes comes to, as its title: how often the list is worse off than other deprived
// areas or, where neither way is worse, where it is most unlike them.
function finding(rows) {
  const rate = ({ groups }, key) => groups[key]?.[0] ?? null;
  const told = rows.filter((row) => rate(row, "left_behind") !== null && rate(row, "other_deprived") !== null);
  const gap = (row) => rate(row, "left_behind") - rate(row, "other_deprived");
  const several = `other deprived ${model.words.several}`;
  if (!told.length) return "No rates";
  if (told[0].direction === "neither") {
    const [first] = [...told].sort((a, b) => Math.abs(gap(b)) - Math.abs(gap(a)));
    return `Most unlike ${several}: ${first.label}, ${percent(rate(first, "left_behind"))} against ${percent(rate(first, "other_deprived"))}`;
  }
  const worse = told.filter((row) => gap(row) * (row.direction === "higher_is_worse" ? 1 : -1) > 0).length;
  return `Worse off than ${several} in ${number(worse)} of ${number(told.length)}`;
}

function outcomeGroup(note, rows) {
  if (!rows.length) return null;
  return element(
    "section",
    { class: "outcome-group" },
    element("h3", {}, finding(rows)),
    element("p", { class: "hint" }, `${capital(note)}.`),
    element("ul", { class: "outcomes" }, rows.map(outcomeItem)),
    element(
      "details",
      {},
      element("summary", {}, "How these are counted"),
      rows.map(({ label, rounding, error, caveat }) =>
        element(
          "p",
          { class: "hint" },
          element("b", {}, `${label}. `),
          caveat ? `${caveat} ` : "",
          `Counts: ${rounding}.`,
          error === null ? "" : ` That alone can put the rate of one area of middle size off by ${(100 * error).toFixed(2)} percentage points, of many by less.`,
        ),
      ),
    ),
  );
}

const ENDS = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1];
const APART = 0.16; // of the width, that two values in one line need

// Where values stand: at their dots, two above and two below, moved apart where they would touch.
function placed(shown, rate, end) {
  const places = new Map();
  for (const keys of [["left_behind", "rest"], ["other_deprived", "nation"]]) {
    const line = keys.filter((key) => shown.has(key)).sort((a, b) => rate(a) - rate(b));
    const at = line.map((key) => rate(key) / end);
    const lack = at.length > 1 ? Math.max(0, APART - (at[1] - at[0])) / 2 : 0;
    line.forEach((key, place) => places.set(key, at[place] + (place ? lack : -lack)));
  }
  return places;
}

// An outcome: its name, and a line with a mark and a value for each group.
function outcomeItem({ label, of, when, groups }) {
  const shown = new Set(GROUPS.map(({ key }) => key).filter((key) => groups[key] && groups[key][0] !== null));
  const rate = (key) => groups[key][0];
  const most = Math.max(0, ...[...shown].map((key) => groups[key][2] ?? rate(key)));
  const end = ENDS.find((one) => one >= most) ?? most;
  const places = placed(shown, rate, end);
  const at = (made, left) => {
    made.style.left = `${(100 * left).toFixed(2)}%`;
    return made;
  };
  const line = element("span", { class: "track" });
  // The first group last, so that it lies on top.
  for (const { key } of GROUPS.filter((group) => shown.has(group.key)).reverse()) {
    const [, low, high] = groups[key];
    const from = Math.max(0, low ?? rate(key));
    const bar = at(element("i", { class: `interval ${key}` }), from / end);
    bar.style.width = `${(100 * ((high ?? rate(key)) - from)) / end}%`;
    line.append(bar, at(element("i", { class: `mark ${key}` }), rate(key) / end));
  }
  const values = GROUPS.filter(({ key }) => shown.has(key)).map(({ key, label: group }) =>
    at(
      element("span", { class: `value ${key}` }, element("span", { class: "unseen" }, `${group}: `), percent(rate(key))),
      places.get(key),
    ),
  );
  line.append(...values);
  return element(
    "li",
    {},
    element("b", {}, label),
    element("span", { class: "note" }, `Share of ${of}. ${when}.`),
    element(
      "span",
      { class: "plot note" },
      element("span", { "aria-hidden": "true" }, "0"),
      line,
      element("span", { "aria-hidden": "true" }, percent(end, 0)),
    ),
  );
}
