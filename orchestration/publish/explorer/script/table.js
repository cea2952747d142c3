// A table that sorts by its heads and turns pages. It is a real table: no rows are made up on
// scrolling, so that a screen reader finds what is shown.

const PAGE = 50;

// columns: { key, label, value(row), cell(row), number, narrow, title }
// at: { sort, down, page }; set(changes) is called with what a reader chose.
function sortedTable({ id, caption, columns, rows, at, set, empty }) {
  const by = columns.find((column) => column.key === at.sort) ?? columns[0];
  const sorted = inOrder(rows, by.value, at.down);
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  const page = Math.min(Math.max(1, at.page), pages);
  const shown = sorted.slice((page - 1) * PAGE, page * PAGE);
  const heads = columns.map((column) => {
    const isBy = column === by;
    const sign = isBy ? (at.down ? "\u00a0↓" : "\u00a0↑") : "";
    return element(
      "th",
      {
        scope: "col",
        class: classes(column),
        "aria-sort": isBy ? (at.down ? "descending" : "ascending") : null,
      },
      element(
        "button",
        {
          id: `${id}-${column.key}`,
          type: "button",
          title: column.title,
          onclick: () => set({ sort: column.key, down: isBy && !at.down, page: 1 }),
        },
        column.label,
        element("span", { "aria-hidden": "true" }, sign),
      ),
    );
  });
  const body = shown.map((row) =>
    element(
      "tr",
      {},
      columns.map((column, place) =>
        element(
          place ? "td" : "th",
          { class: classes(column), scope: place ? null : "row" },
          column.cell(row),
        ),
      ),
    ),
  );
  const made = element(
    "table",
    { id, tabindex: "-1" },
    element("caption", {}, caption),
    element("thead", {}, element("tr", {}, heads)),
    element("tbody", {}, body),
  );
  if (!rows.length) return [element("p", { class: "empty" }, empty)];
  return [made, pages > 1 ? pager(id, page, pages, rows.length, set) : null];
}

const classes = (column) =>
  [column.number && "number", column.narrow === false && "wide-only", column.class]
    .filter(Boolean)
    .join(" ") || null;

// Sorted by a value; what has none comes last, whichever way.
function inOrder(rows, value, down) {
  const keyed = rows.map((row) => [value(row), row]);
  const way = down ? -1 : 1;
  keyed.sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return way * ((a > b) - (a < b));
  });
  return keyed.map(([, row]) => row);
}

function pager(id, page, pages, count, set) {
  const turn = (to, label) =>
    element(
      "button",
      {
        id: `${id}-${label.toLowerCase()}`,
        type: "button",
        "aria-disabled": to < 1 || to > pages ? "true" : null,
        onclick: () => {
          if (to < 1 || to > pages) return;
          set({ page: to });
          land(id);
        },
      },
      label,
    );
  const last = Math.min(page * PAGE, count);
  return element(
    "nav",
    { class: "pager", "aria-label": "Pages of the table" },
    turn(page - 1, "Previous"),
    element("span", {}, `${number((page - 1) * PAGE + 1)} to ${number(last)} of ${number(count)}`),
    turn(page + 1, "Next"),
  );
}
