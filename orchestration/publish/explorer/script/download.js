// Files made in the browser from what the page has.

function save(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = element("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

// A text that a spreadsheet would take for a formula gets an apostrophe before it.
function csvCell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const safe = /^[\s]*[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function csv(records) {
  const heads = Object.keys(records[0]);
  const lines = records.map((record) => heads.map((head) => csvCell(record[head])).join(","));
  return `${[heads.join(","), ...lines].join("\r\n")}\r\n`;
}

// An area as a record, by the names of the warehouse's columns.
function record(area) {
  const [ladCode, ladName, region] = ladOf(area);
  return {
    ...origin(),
    area_code: codeOf(area),
    area_name: model.name[area],
    place_name: knownOf(area),
    ...Object.fromEntries(
      model.larger.flatMap(({ kind, geography }) => {
        const [code, name] = largerOf(area, geography) ?? [null, null];
        return [
          [`${kind}_code`, code],
          [`${kind}_name`, name],
        ];
      }),
    ),
    lad_code: ladCode,
    lad_name: ladName,
    region_name: region,
    population: residentsOf(area),
    imd_rank: model.imdOf[area] || null,
    imd_areas_ranked: model.indices.imd.ranked,
    imd_threshold_percent: state.imd / 2,
    cni_rank: model.cniOf[area] || null,
    cni_areas_ranked: model.indices.cni.ranked,
    cni_threshold_percent: state.cni / 2,
    is_doubly_disadvantaged: model.classOf[area] === BOTH,
    not_rated_reason: model.reasonOf[area] ? model.reasons[model.reasonOf[area] - 1] : null,
    reason: reasonOf(area),
    published_flag: publishedOf(area),
    stability_probability: surenessOf(area),
  };
}

// The id of what the page shows, by which the README of a release knows it.
const contentId = () => document.querySelector('meta[name="content-id"]').content;

// What every record begins with, so that a file says by itself where it is from.
const origin = () => ({
  release_label: model.release.label,
  content_id: contentId(),
  edition_id: model.edition.edition_id,
  edition: model.edition.label,
  imd_release: model.indices.imd.release,
  cni_release: model.indices.cni.release,
  licence: model.licence,
});

// Buttons that save what `records` gives: as CSV, and as JSON with what the page is. They stand where
// the list begins. What may not be passed on says so beside them and in the name of its file.
function saveButtons(name, records) {
  const button = (kind, act) =>
    element("button", { type: "button", id: `save-${name}-${kind}`, onclick: act }, kind.toUpperCase());
  const file = () => `${model.edition.edition_id}_${name}_imd${state.imd / 2}_cni${state.cni / 2}${model.is_restricted ? "_not-for-redistribution" : ""}`;
  const notes = () => [...byId("licences").querySelectorAll("p")].map((note) => note.textContent.trim());
  return element(
    "p",
    { class: "actions" },
    "Download what is listed: ",
    button("csv", () => save(`${file()}.csv`, "text/csv", csv(records()))),
    button("json", () => {
      const whole = { content_id: contentId(), release: model.release, edition: model.edition, notes: notes(), rows: records() };
      save(`${file()}.json`, "application/json", `${JSON.stringify(whole, null, 2)}\n`);
    }),
    element("span", { class: "note licence" }, `${model.licence}.`),
  );
}
