// What the edition is, by which rules, and every file that it stands on.

function renderAbout(box) {
  const { edition, indices } = model;
  const unmapped = model.detail ? allAreas().filter((area) => !map.hasShape(area)) : [];
  const approximate = allAreas().filter(isApproximate);
  const facts = [
    ["Edition", `${edition.label} (${edition.edition_id})`],
    ["Areas", `${plural(edition.areas, model.words.one, model.words.several)}, ${number(edition.areas_rated)} of them rated`],
    ["On the list", number(edition.areas_listed)],
    ["Published", publishedCount(edition)],
    ...INDICES.map((index) => [
      indices[index].label,
      `${number(indices[index].ranked)} areas ranked; within the worst ${indices[index].percent}%: ranks 1 to ${number(lastPlace(index, ownHalf(index)))}`,
    ]),
    ["Content", contentId()],
  ];
  const files = model.detail?.files ?? [];
  refill(
    box,
    element("h2", {}, "About this edition"),
    element(
      "p",
      {},
      "An area is on the list when it is among the worst on two indices at once: the Index of Multiple Deprivation (IMD), which measures deprivation, and the Community Needs Index (CNI), which measures the want of places to meet, of connections and of community activity. Such areas are called doubly disadvantaged, or ‘left behind’. Rank 1 = worst, everywhere.",
    ),
    element("dl", { class: "facts" }, facts.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
    element("h3", {}, "The threshold"),
    element(
      "p",
      {},
      "A rank is within a threshold of p per cent when it is not beyond floor(N × p / 100), the last place within it. The slider draws the list at other thresholds; the edition's own list is that of its own threshold, as computed here.",
    ),
    element("h3", {}, "The map"),
    element(
      "p",
      {},
      "Boundaries are generalised and rounded to 10 metres: do not read them at the level of a street. From afar, small areas are drawn as dots. The lines are local authorities of 2024. ",
      unmapped.length
        ? `${plural(unmapped.length, `${model.words.one} has`, `${model.words.several} have`)} no boundary in the files and ${unmapped.length === 1 ? "is" : "are"} in the list only: ${unmapped.map((area) => `${titleOf(area)} (${codeOf(area)})`).join(", ")}.`
        : "",
    ),
    approximate.length
      ? element(
          "p",
          {},
          `${plural(approximate.length, "shape is", "shapes are")} approximate and outlined with dashes: put together from LSOAs, since none of their own was to be had. They may overlap their neighbours. No list hangs on a shape.`,
        )
      : null,
    element("p", {}, "Keys on the map: arrows move it, + and − zoom, 0 shows the whole country, Enter opens the area in the middle."),
    element("h3", {}, "Files"),
    element(
      "dl",
      { class: "files" },
      files.map((file) => [
        element("dt", {}, file.title),
        element(
          "dd",
          {},
          `${file.file_name}. ${file.publisher}. ${file.licence}.`,
          element("span", { class: "note" }, `This copy: ${file.provenance}.`),
          element("span", { class: "note" }, "sha256 ", element("code", {}, file.sha256)),
          element("span", { class: "note" }, file.citation),
        ),
      ]),
    ),
  );
}

function publishedCount({ areas_published: published, is_cross_check: isCheck, publisher_count: counted }) {
  if (isCheck) return `no list; ${number(published)} by a cross-check, the same rule on the same data`;
  if (published !== null) return `${number(published)}, area by area`;
  return counted === null ? "no list" : `${number(counted)}, not open area by area`;
}
