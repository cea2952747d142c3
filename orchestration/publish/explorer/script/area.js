// An area's page: on the list or not and why, domains, other editions, sureness, where it is from.

function renderArea(box, area) {
  const [, lad, region] = ladOf(area);
  const kind = model.classOf[area];
  refill(
    box,
    element(
      "p",
      {},
      element("button", { type: "button", id: "close-area", onclick: closeArea }, "← Back"),
    ),
    element("h2", { id: "area-title", tabindex: "-1" }, titleOf(area)),
    element(
      "p",
      { class: "lede" },
      `${capital(model.words.official)} ${codeOf(area)}, ${lad}, ${region}`,
      residentsOf(area) === null ? "" : `. ${number(residentsOf(area))} residents`,
    ),
    liesIn(area),
    element(
      "p",
      { class: `verdict ${CLASSES[kind].key}`, id: "verdict" },
      element("strong", {}, verdict(area)),
      " ",
      explanation(area),
    ),
    fromThreshold(area),
    chosenText(area),
    INDICES.filter((index) => model[`${index}Of`][area]).map((index) => rankLine(area, index)),
    model.detail && !map.hasShape(area)
      ? element("p", { class: "hint" }, "No boundary of this area is in the files, so it is not on the map.")
      : null,
    isApproximate(area)
      ? element("p", { class: "hint", id: "approximate-shape" }, "Its shape on the map is approximate: put together from LSOAs, since none of its own was to be had. It may overlap its neighbours. Neither its ranks nor the list hang on it.")
      : null,
    model.detail ? details(area) : element("p", { class: "hint" }, "Reading the details…"),
  );
}

// The larger areas that people ask about, each leading to its page.
function liesIn(area) {
  const larger = [
    ["authority", ladOf(area), null],
    ...model.larger.map(({ geography, label }) => [geography, largerOf(area, geography), label]),
  ].filter(([, place]) => place);
  return element(
    "dl",
    { class: "lies-in", id: "lies-in" },
    larger.map(([geography, [place], label]) => [
      element("dt", { title: label }, GEOGRAPHIES[geography][0]),
      element("dd", {}, placeButton(place)),
    ]),
  );
}

function verdict(area) {
  const list = isOwnThreshold() ? "the list" : "the list at the chosen threshold";
  if (model.classOf[area] === BOTH) return `On ${list}:`;
  return model.classOf[area] === NOT_RATED ? "Not rated:" : `Not on ${list}:`;
}

function explanation(area) {
  if (model.classOf[area] === NOT_RATED) return `${model.reasons[model.reasonOf[area] - 1]}.`;
  const [imd, cni] = INDICES.map((index) => model[`${index}Of`][area]);
  const place = (index, rank, most) =>
    rank === 1 ? `${model.country}’s ${most} ${model.words.one}` : `in the ${standing(area, index)}`;
  return `${place("imd", imd, "most deprived")}, and ${place("cni", cni, "neediest")}.`;
}

function fromThreshold(area) {
  if (model.classOf[area] === NOT_RATED) return null;
  const half = Math.max(...INDICES.map((index) => halfOf(index, model[`${index}Of`][area])));
  return element(
    "p",
    { class: "hint", id: "from-threshold" },
    `With the same threshold on both indices it is on the list from ${halves(half)} up.`,
  );
}

const whole = (index) => model.indices[index].ranked;

function rankLine(area, index) {
  const rank = model[`${index}Of`][area];
  const last = index === "imd" ? model.lastImd : model.lastCni;
  return element(
    "div",
    { class: "rank-line", id: `rank-${index}` },
    element("b", {}, model.indices[index].label),
    element(
      "span",
      {},
      [`rank ${number(rank)} of ${number(whole(index))} (1 = worst)`, missedBy(area, index)].filter(Boolean).join("; "),
    ),
    track({ at: rank / whole(index), zone: last / whole(index) }),
  );
}

// A line from the worst on the left to the best on the right. Text beside it says the same.
function track({ at = null, from = null, to = null, zone = 0, middle = false }) {
  const line = element("span", { class: "track", "aria-hidden": "true" });
  const put = (name, left, right = null) => {
    const part = element("i", { class: name });
    part.style.left = `${(100 * left).toFixed(2)}%`;
    if (right !== null) part.style.width = `${(100 * Math.max(0, right - left)).toFixed(2)}%`;
    line.append(part);
  };
  if (zone) put("zone", 0, zone);
  if (middle) put("middle", 0.5);
  if (from !== null) put("span", from, to);
  if (at !== null) put("dot", at);
  return line;
}

function details(area) {
  return [
    section("domains", "Why", [domainSentences(area), domainTable(area)]),
    section("changes", "What changed", changeText(area)),
    section("stability", "How sure", stabilityText(area)),
    section("area-fares", "How people fare", areaFares(area)),
    kinOf(area),
    element(
      "details",
      { id: "sources" },
      element("summary", {}, "Where the figures come from"),
      section("published", "The published list", publishedText(area)),
      section("carry", "How the IMD came here", carryText(area)),
      section("provenance", "Where the figures stand", provenance(area)),
    ),
  ];
}

// The domains that are in the worst tenth, and those in the better half: what sets a place apart.
function domainSentences(area) {
  const { detail } = model;
  return INDICES.map((index) => {
    const found = detail.domains
      .filter((domain) => domain.index === index)
      .map(({ domain, label, ranked, averaged }) => ({
        label,
        share: (detail.ranks[`${index}_${domain}${averaged ? "_mean" : ""}`]?.[area] ?? 0) / ranked,
      }))
      .filter(({ share }) => share)
      .sort((a, b) => a.share - b.share);
    if (!found.length) return null;
    const worst = found.filter(({ share }) => share <= 0.1);
    const better = found.filter(({ share }) => share > 0.5);
    const named = ({ label, share }) => `${label} (worst ${Math.ceil(100 * share)}%)`;
    const told = [
      worst.length ? `among the worst tenth for ${inWords(worst.map(named))}` : `in no domain among the worst tenth; nearest: ${named(found[0])}`,
      better.length ? `in the better half for ${inWords(better.map(({ label }) => label))}` : null,
    ].filter(Boolean);
    return element("p", {}, element("b", {}, `${capital(INDEX_WORDS[index])}: `), `${told.join("; ")}.`);
  });
}

const inWords = (words) => (words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words[0]);

function section(id, heading, content) {
  if (!content) return null;
  return element("section", { id }, element("h3", {}, heading), content);
}

function domainTable(area) {
  const { detail } = model;
  const rows = detail.domains.map(({ index, domain, label, ranked, averaged }) => {
    const one = (suffix) => detail.ranks[`${index}_${domain}${suffix}`]?.[area] || null;
    const rank = one(averaged ? "_mean" : "");
    const range = averaged ? [one("_worst"), one("_best")] : null;
    const shown = rank && {
      at: rank / ranked,
      zone: 0.1,
      middle: true,
      from: range && range[0] / ranked,
      to: range && range[1] / ranked,
    };
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, label, element("span", { class: "note" }, model.indices[index].label)),
      element("td", { class: "chart" }, shown ? track(shown) : "–"),
      element(
        "td",
        { class: "number" },
        rank ? number(rank) : "–",
        rank
          ? element("span", { class: "note" }, range && range[0] !== range[1] ? `${number(range[0])} to ${number(range[1])}` : `of ${number(ranked)}`)
          : null,
      ),
    );
  });
  if (!rows.length) return null;
  const missing = INDICES.filter((index) => !detail.domains.some((domain) => domain.index === index));
  const averaged = detail.domains.some((domain) => domain.averaged);
  const carried = !averaged && detail.ranks.parts && detail.domains.some(({ index }) => index === "imd");
  return [
    element(
      "table",
      { class: "domains" },
      element(
        "caption",
        {},
        `Rank in each domain; 1 = worst, on the left. Shaded: the worst 10% of ${model.country}; the line in the middle: its median area.`,
        averaged ? ` Of the IMD's domains: the mean rank of the ward's LSOAs by residents; thin bar: from the worst to the best of them.` : "",
        carried ? " Of the IMD's domains: the ranks of its worst part, among the LSOAs of that release." : "",
      ),
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          element("th", { scope: "col" }, "Domain"),
          element("th", { scope: "col" }, element("span", { class: "scale" }, element("span", {}, "worst"), element("span", {}, "best"))),
          element("th", { scope: "col", class: "number" }, "Rank"),
        ),
      ),
      element("tbody", {}, rows),
    ),
    missing.map((index) =>
      element("p", { class: "hint" }, `The file of the ${model.indices[index].label} has no domains.`),
    ),
  ];
}

function publishedText(area) {
  const { published_flag_origin: origin, is_cross_check: isCheck } = model.edition;
  if (!origin) return element("p", {}, "No list of this edition was published area by area.");
  const on = publishedOf(area);
  const differs = model.detail.reconciliation.find(([other]) => other === area);
  return [
    element("p", {}, `${on === null ? "It has no flag in" : on ? "It is on" : "It is not on"} the published list. Source: ${origin}.`),
    isCheck
      ? element("p", { class: "hint" }, "That list was computed by the same rule on the same data: it checks the computation, and does not validate the list.")
      : null,
    differs
      ? element("p", {}, `The published list and this one differ here. ${differs[2] ?? "No reason is known."}`)
      : null,
  ];
}

const CHANGED = { joined: "It joined the list", left: "It left the list", stayed: "It is on both lists" };

function changeText(area) {
  const { changes } = model.detail;
  if (!changes.length) return null;
  return changes.map((pair, at) => {
    const row = pair.rows.find(([other]) => other === area);
    return [
      element("p", {}, `From ${pair.label_from} to ${pair.label_to}: ${row ? CHANGED[row[1]] : "It is on neither list"}.`),
      INDICES.map((index) => element("p", {}, element("b", {}, `${capital(INDEX_WORDS[index])}: `), moved(area, index, pair, at))),
      methodChanged(pair),
    ];
  });
}

// How bad an area is on an index in either edition, the earlier one first.
function moved(area, index, pair, at) {
  const told = [
    [model.detail.ranks[`other_${at}_${index}`][area], pair.indices[index]],
    [model[`${index}Of`][area], model.indices[index]],
  ].map(([rank, { label, ranked }]) => (rank ? `worst ${Math.ceil((100 * rank) / ranked)}% in the ${label} (rank ${number(rank)})` : `no rank in the ${label}`));
  if (told[0] === told[1]) return `${told[0]}, the same in both.`;
  const [before, after] = pair.to === pair.other ? told.reverse() : told;
  return `${before}, then ${after}.`;
}

const labelOf = (edition) =>
  model.editions.find((row) => row.edition_id === edition)?.label ?? edition;

function stabilityText(area) {
  const share = surenessOf(area);
  const notes = model.detail.stability;
  if (share === null || !notes) return null;
  const own = isOwnThreshold() ? "" : "Of the edition’s own list, not of the chosen threshold. ";
  const part = (index) =>
    percent((model.detail.ranks[`draws_${index}`][area] - 1) / notes.draws);
  return [
    element(
      "p",
      {},
      own,
      element("strong", {}, `${capital(surenessWord(area))}: `),
      `on the list in ${number(model.drawsOf[area] - 1)} of ${number(notes.draws)} lists drawn with other choices of method. `,
      `Within the IMD's threshold in ${part("imd")} of them, within the CNI's in ${part("cni")}.`,
    ),
    track({ at: share, zone: 0 }),
    element(
      "p",
      { class: "hint" },
      `From never on the left to always on the right. What varied: ${notes.varied}. It tells what the choice of method does, not errors in the data.`,
    ),
  ];
}

function partsOf(area) {
  const { ranks } = model.detail;
  if (!ranks.parts) return [];
  const start = model.detail.partStart[area];
  return Array.from({ length: ranks.parts[area] }, (_, at) => start + at);
}

function carryText(area) {
  const parts = partsOf(area);
  if (!parts.length) return null;
  const { ranks, lines } = model.detail;
  return [
    element("p", {}, `${model.edition.carry_rule_label}.`),
    simpleTable(
      ["Part", "IMD rank", "Residents", "Line of the index", "Line of the lookup"],
      parts.map((part) => [
        model.prefix + String(ranks.part_code[part]).padStart(8, "0"),
        number(ranks.part_rank[part]),
        number(ranks.part_residents[part]),
        number(ranks.part_line[part]),
        ranks.part_lookup_line[part] ? number(ranks.part_lookup_line[part]) : "by best fit",
      ]),
      `Ranks among ${number(lines.parts_ranked)}; 1 = worst.`,
    ),
  ];
}

function simpleTable(heads, rows, caption) {
  return element(
    "table",
    {},
    element("caption", {}, caption),
    element(
      "thead",
      {},
      element("tr", {}, heads.map((head, at) => element("th", { scope: "col", class: at ? "number" : null }, head))),
    ),
    element(
      "tbody",
      {},
      rows.map((row) =>
        element(
          "tr",
          {},
          row.map((cell, at) => element(at ? "td" : "th", { scope: at ? null : "row", class: at ? "number" : null }, cell)),
        ),
      ),
    ),
  );
}

const fileOf = (source) => model.detail.files.find((file) => file.source_id === source);

function provenance(area) {
  const { lines, ranks } = model.detail;
  const parts = partsOf(area);
  const line = (name, word = "line") => {
    const at = ranks[`${name}_line`]?.[area];
    return at ? `${word} ${number(at - 1)}` : null;
  };
  const partLines = (name) => {
    const found = parts.flatMap((part) => (ranks[name][part] ? [number(ranks[name][part])] : []));
    return found.length ? `${found.length > 1 ? "lines" : "line"} ${found.join(", ")}` : null;
  };
  const figures = [
    [`${model.indices.imd.label}: rank and domains`, lines.imd, parts.length ? partLines("part_line") : line("imd")],
    ["Lookup between areas", lines.lookup, partLines("part_lookup_line")],
    [`${model.indices.cni.label}: rank and domains`, lines.cni, line("cni")],
    ["Boundary", lines.boundary, line("boundary", "feature")],
    ["Residents", lines.residents, residentsOf(area) === null ? null : "by area code"],
  ].filter(([, source, where]) => source && where);
  return [
    element(
      "dl",
      { class: "files" },
      figures.map(([figure, source, where]) => {
        const file = fileOf(source);
        return [
          element("dt", {}, figure),
          element(
            "dd",
            {},
            `${file.file_name}, ${where}`,
            source === lines.boundary && originOf(area) ? element("span", { class: "note" }, `Shape from: ${originOf(area)}.`) : "",
            element("span", { class: "note" }, `${file.title}. sha256 `, element("code", {}, file.sha256)),
          ),
        ];
      }),
    ),
    element(
      "p",
      { class: "hint" },
      "Every formula with its numbers: ",
      element("code", {}, `lbn explain ${codeOf(area)} --edition ${model.edition.edition_id}`),
    ),
  ];
}
