// How people fare in an area or a larger one, beside what it lies in and the groups of the edition.

const rateOfArea = (at, area) => {
  const rate = model.detail.ranks[`fare_${at}`][area];
  return rate ? (rate - 1) / model.detail.fares[at].per : null;
};
const rateOfLarger = (at, place) => {
  const { larger, per } = model.detail.fares[at];
  return place in larger ? larger[place] / per : null;
};
const rateOfGroup = (at, group) => {
  const { outcome } = model.detail.fares[at];
  return model.detail.outcomes.find((row) => row.outcome === outcome && row.method === "pooled").groups[group]?.[0] ?? null;
};

const LISTED_FARES = ["On the list", (at) => rateOfGroup(at, "left_behind")];
const DEPRIVED_FARES = ["Other deprived", (at) => rateOfGroup(at, "other_deprived")];
const nationFares = () => [model.country, (at) => rateOfGroup(at, "nation")];

const placeFares = (place) =>
  fareTable([[placeName(place), (at) => rateOfLarger(at, place)], LISTED_FARES, DEPRIVED_FARES, nationFares()]);

const areaFares = (area) =>
  fareTable([
    ["Here", (at) => rateOfArea(at, area)],
    [ladOf(area)[1], (at) => rateOfLarger(at, ladOf(area)[0])],
    DEPRIVED_FARES,
    nationFares(),
  ]);

// columns: [head, rate(outcome)]; the first is what it is about, and without it there is no table.
function fareTable(columns) {
  const outcomes = model.detail.fares
    .map(({ outcome }, at) => [model.detail.outcomes.find((row) => row.outcome === outcome), at])
    .filter(([, at]) => columns[0][1](at) !== null);
  if (!outcomes.length) return null;
  return element(
    "table",
    { class: "fares" },
    element("caption", {}, "Shares of people. ‘Other deprived’: in the worst of the IMD, but not on the list. A difference is no effect of being on the list."),
    element(
      "thead",
      {},
      element("tr", {}, element("th", { scope: "col" }, "Outcome"), columns.map(([head]) => element("th", { scope: "col", class: "number" }, head))),
    ),
    element(
      "tbody",
      {},
      outcomes.map(([{ label, direction }, at]) =>
        element(
          "tr",
          {},
          element("th", { scope: "row" }, label, element("span", { class: "note" }, DIRECTIONS[direction])),
          columns.map(([, rate]) => element("td", { class: "number" }, rate(at) === null ? "–" : percent(rate(at)))),
        ),
      ),
    ),
  );
}
