// Areas that are kin to one: those beside it, and those most like it in their domains.

const ALIKE = 5;

// Of each domain the column of ranks that an area is shown by, and how many are ranked.
const domainRanks = () =>
  model.detail.domains.map(({ index, domain, ranked, averaged }) => ({
    ranks: model.detail.ranks[`${index}_${domain}${averaged ? "_mean" : ""}`],
    ranked,
  }));

// The areas nearest in all domains at once; what lacks a domain that the area has is like none.
function mostLike(area) {
  const domains = domainRanks().filter(({ ranks }) => ranks[area]);
  if (!domains.length) return [];
  const apart = (other) => {
    let sum = 0;
    for (const { ranks, ranked } of domains) {
      if (!ranks[other]) return Infinity;
      sum += ((ranks[other] - ranks[area]) / ranked) ** 2;
    }
    return sum;
  };
  return allAreas()
    .filter((other) => other !== area)
    .map((other) => [apart(other), other])
    .filter(([sum]) => sum < Infinity)
    .sort(([a], [b]) => a - b)
    .slice(0, ALIKE)
    .map(([, other]) => other);
}

const kinList = (areas, more) =>
  element(
    "ul",
    { class: "areas" },
    areas.map((area) =>
      element(
        "li",
        {},
        areaLink(area, more),
        element("span", { class: "note" }, `${ladOf(area)[1]} · ${CLASSES[model.classOf[area]].label}`),
      ),
    ),
  );

function kinOf(area) {
  const beside = map.neighbours(area);
  const alike = mostLike(area);
  return [
    beside.length ? section("beside", "Beside it", kinList(beside, "-beside")) : null,
    alike.length
      ? section("alike", "Most like it", [
          element("p", { class: "hint" }, "Nearest in all domains together, wherever they are."),
          kinList(alike, "-alike"),
        ])
      : null,
  ];
}
