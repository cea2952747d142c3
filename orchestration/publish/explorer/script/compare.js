// Two editions side by side: what joined and what left, each with its reason.

const CHANGES = [
  { key: "joined", label: "Joined", means: "on the later list only" },
  { key: "left", label: "Left", means: "on the earlier list only" },
  { key: "stayed", label: "Stayed", means: "on both lists" },
];

function currentPair() {
  const { changes } = model.detail;
  return changes.find((pair) => pair.other === state.other) ?? changes[0];
}

// The change of every area between the two editions: a place in CHANGES, or -1.
function changeColours() {
  const found = new Int8Array(model.count).fill(-1);
  const pair = model.detail && currentPair();
  const order = CHANGES.map(({ key }) => key);
  for (const [area, change] of pair?.rows ?? []) found[area] = order.indexOf(change);
  return found;
}

function renderCompare(box) {
  if (!model.detail) {
    refill(box, element("p", { class: "hint" }, "Reading the comparison…"));
    return;
  }
  const { changes, not_comparable: others } = model.detail;
  const pair = currentPair();
  refill(box, pair ? comparison(pair, changes) : element("p", {}, "No other edition may be compared with this one."), notComparable(others));
}

function comparison(pair, changes) {
  const count = (change) => pair.rows.filter((row) => row[1] === change).length;
  const rows = pair.rows.filter((row) => row[1] === state.change);
  return [
    element("h2", {}, "From one edition to the other"),
    changes.length > 1
      ? element(
          "p",
          { class: "bar" },
          element("label", { for: "other" }, "Other edition"),
          element(
            "select",
            { id: "other", onchange: (event) => set({ other: event.target.value }) },
            changes.map(({ other }) => element("option", { value: other, selected: other === pair.other }, labelOf(other))),
          ),
        )
      : null,
    element(
      "p",
      { class: "lede" },
      `From ${pair.label_from} to ${pair.label_to}. `,
      "Both lists as they are, at their own thresholds; the slider changes nothing here. The map shows the three groups.",
    ),
    methodChanged(pair),
    element(
      "div",
      { class: "cards", role: "group", "aria-label": "Which change to list" },
      CHANGES.map(({ key, label, means }) =>
        element(
          "button",
          {
            type: "button",
            id: `change-${key}`,
            "aria-pressed": String(key === state.change),
            onclick: () => set({ change: key, changes: { ...state.changes, page: 1 } }),
          },
          element("b", {}, number(count(key))),
          element("span", {}, element("i", { class: `swatch ${key}` }), label),
          element("span", { class: "note" }, means),
        ),
      ),
    ),
    pair.rows.length
      ? saveButtons("changes", () =>
          pair.rows.map(([area, change, reason]) => ({
            ...origin(),
            edition_from: pair.from,
            edition_to: pair.to,
            area_code: codeOf(area),
            area_name: model.name[area],
            lad_name: ladOf(area)[1],
            region_name: ladOf(area)[2],
            change,
            reason,
            what_changed: pair.what_changed,
          })),
        )
      : null,
    sortedTable({
      id: "changed",
      caption: `${plural(rows.length, model.words.one, model.words.several)} ${state.change}. Rank 1 = worst.`,
      columns: [
        {
          key: "name",
          label: "Area",
          value: ([area]) => titleOf(area),
          cell: ([area, , reason]) => [
            areaLink(area),
            element("span", { class: "note" }, `${codeOf(area)} · ${ladOf(area)[1]}, ${ladOf(area)[2]}`),
            element("span", { class: "reason" }, reason),
          ],
        },
        {
          key: "rank",
          label: `${model.indices.imd.label} rank`,
          number: true,
          value: ([area]) => model.imdOf[area] || null,
          cell: ([area]) => rankText(model.imdOf[area]),
        },
      ],
      rows,
      at: state.changes,
      set: (chosen) => set({ changes: { ...state.changes, ...chosen } }),
      empty: `No area ${state.change}.`,
    }),
  ];
}

// What changed beside the places, which is to be read with every change.
const methodChanged = (pair) =>
  pair.what_changed ? element("p", { class: "hint method" }, `What changed besides: ${pair.what_changed}.`) : null;

function notComparable(others) {
  if (!others.length) return null;
  return [
    element("h3", {}, "What may not be compared"),
    element(
      "ul",
      {},
      others.map(({ label, reason }) => element("li", {}, `${label}: ${reason}.`)),
    ),
  ];
}
