// The page: its state, kept in the address, and what is drawn when it changes.

const TABS = {
  list: renderList,
  places: renderSummary,
  compare: renderCompare,
  outcomes: renderOutcomes,
  about: renderAbout,
};
const STATE = {
  tab: "list",
  area: "",
  place: "",
  q: "",
  show: "both",
  sort: "imd",
  down: false,
  page: 1,
  imd: 0,
  cni: 0,
  split: false,
  change: "joined",
  other: "",
  method: "pooled",
  view: "",
};
// Not in the address: how the other tables are sorted.
const state = {
  ...STATE,
  all: false,
  regions: { sort: "listed", down: true, page: 1 },
  lads: { sort: "listed", down: true, page: 1 },
  changes: { sort: "rank", down: false, page: 1 },
};
let opener = "";
const pageTitle = document.title;

const isOwnThreshold = () => INDICES.every((index) => state[index] === ownHalf(index));

function hashOf(from) {
  const parts = new URLSearchParams();
  for (const [key, usual] of Object.entries(STATE)) {
    if (from[key] !== usual) parts.set(key, from[key] === true ? "1" : from[key]);
  }
  return parts.toString();
}

function readHash() {
  const parts = new URLSearchParams(location.hash.slice(1));
  for (const [key, usual] of Object.entries(STATE)) {
    const text = parts.get(key);
    if (text === null) state[key] = usual;
    else if (typeof usual === "number") state[key] = Number.parseInt(text, 10) || usual;
    else state[key] = typeof usual === "boolean" ? text === "1" : text;
  }
  for (const index of INDICES) state[index] = Math.min(Math.max(state[index], 1), 60);
  if (!(state.tab in TABS)) state.tab = STATE.tab;
  if (!(state.method in METHODS)) state.method = STATE.method;
  if (!CHANGES.some(({ key }) => key === state.change)) state.change = STATE.change;
  if (!CLASSES.some(({ key }) => key === state.show)) state.show = state.show === "all" ? "all" : STATE.show;
  if (state.imd !== state.cni) state.split = true;
}

let writing = 0;

function writeHash(push) {
  clearTimeout(writing);
  const write = () => {
    const hash = hashOf(state);
    if (hash === location.hash.slice(1)) return;
    try {
      history[push ? "pushState" : "replaceState"](null, "", `#${hash}`);
    } catch {
      // Some browsers refuse it for files.
      location.hash = hash;
    }
    keepInLinks();
  };
  if (push) write();
  else writing = setTimeout(write, 150);
}

// The links to other editions keep what is chosen, but for what belongs to this one's areas.
function keepInLinks() {
  const kept = hashOf({ ...state, page: STATE.page, other: "" });
  for (const link of document.querySelectorAll("a[data-edition]")) {
    link.hash = kept;
  }
}

function set(changes, { push = false } = {}) {
  Object.assign(state, changes);
  writeHash(push);
  if ("imd" in changes || "cni" in changes) classify(state.imd, state.cni);
  render();
}

// The one box that is shown, and what is focused on coming to it.
const HEADS = { area: "area-title", place: "place-title", "tab-panel": "tab-panel" };
const boxShown = () => Object.keys(HEADS).find((id) => !byId(id).hidden);

function render() {
  renderThreshold();
  renderLegend();
  const area = state.area ? model.place.get(state.area) : undefined;
  const place = state.tab === "list" ? state.place : "";
  const shown = area !== undefined ? "area" : place ? "place" : "tab-panel";
  const title = area !== undefined ? titleOf(area) : place ? placeName(place) : "";
  map.selected = area ?? null;
  map.choose(place, inPlace(place));
  document.title = title ? `${title} · ${pageTitle}` : pageTitle;
  for (const id of Object.keys(HEADS)) {
    byId(id).hidden = id !== shown;
    // What is hidden is emptied: the same ids stand in more than one of them.
    if (id !== shown) byId(id).replaceChildren();
  }
  byId("tabs").hidden = shown !== "tab-panel";
  // The outcomes are of no place, and take the room.
  document.querySelector("main").classList.toggle("no-map", shown === "tab-panel" && state.tab === "outcomes");
  if (shown === "area") renderArea(byId("area"), area);
  else if (shown === "place") renderPlace(byId("place"), place);
  else {
    for (const tab of byId("tabs").children) {
      const isIt = tab.value === state.tab;
      tab.setAttribute("aria-selected", String(isIt));
      tab.tabIndex = isIt ? 0 : -1;
    }
    byId("tab-panel").setAttribute("aria-labelledby", `tab-${state.tab}`);
    TABS[state.tab](byId("tab-panel"));
  }
  map.draw();
}

function renderThreshold() {
  const listed = model.counts[BOTH];
  const rated = model.count - model.counts[NOT_RATED];
  byId("listed").textContent = number(listed);
  byId("listed-text").textContent =
    ` of ${number(rated)} ${rated < model.count ? "rated " : ""}${model.words.several} (${percent(listed / rated)}) are on the list. ` +
    `${number(model.listedResidents)} people live there.`;
  byId("split").checked = state.split;
  byId("slider-both").hidden = state.split;
  byId("slider-each").hidden = !state.split;
  for (const [id, half] of [["both", state.imd], ["imd", state.imd], ["cni", state.cni]]) {
    byId(`half-${id}`).value = half;
    byId(`half-${id}`).setAttribute(
      "aria-valuetext",
      `worst ${halves(half)}; ${number(listed)} on the list`,
    );
    byId(`out-${id}`).textContent = halves(half);
  }
  byId("own").hidden = isOwnThreshold();
  byId("own-note").hidden = isOwnThreshold();
}

function renderLegend() {
  const comparing = state.tab === "compare" && !state.area && model.detail && currentPair();
  const entries = comparing ? CHANGES : CLASSES;
  let counts = model.counts;
  if (comparing) {
    const changed = changeColours();
    map.paint = (area) => changed[area];
    counts = CHANGES.map((_, at) => changed.filter((change) => change === at).length);
  } else map.paint = (area) => (model.classOf[area] === NEITHER ? -1 : model.classOf[area]);
  map.colours = entries.map(({ key }) => map.colour(`--${key}`));
  map.strong = comparing ? 1 : 0;
  refill(
    byId("legend"),
    entries
      .map(({ key, label, means }, at) =>
        counts[at] ? element("li", { title: means }, element("i", { class: `swatch ${key}` }), `${label} ${number(counts[at])}`) : null,
      ),
  );
}

// Said once: which shapes are approximate does not change.
function tellApproximate() {
  const count = allAreas().filter((area) => isApproximate(area) && map.hasShape(area)).length;
  byId("approximate").hidden = !count;
  refill(
    byId("approximate"),
    element("i", { class: "swatch dashed" }),
    `Dashes: approximate shape, put together from LSOAs ${number(count)}`,
  );
}

function openArea(area) {
  opener = document.activeElement?.id ?? "";
  set({ area: codeOf(area) }, { push: true });
  map.showArea(area);
  land("area-title");
}

function closeArea() {
  set({ area: "" }, { push: true });
  if (byId(opener)) byId(opener).focus();
  else land(HEADS[boxShown()]);
}

function goToPlace(place) {
  set({ place, area: "", q: "", tab: "list", show: STATE.show, page: 1 }, { push: true });
  showPlace(place);
  land("place-title");
}

function closePlace() {
  set({ place: "", q: "", page: 1 }, { push: true });
  map.home();
  byId("tab-list").focus();
}

function showPlace(place) {
  map.show(allAreas().filter(inPlace(place)), 0.9);
}

// A link to an area or a place leads to its heading.
function landOnHead() {
  const shown = boxShown();
  if (shown !== "tab-panel") land(HEADS[shown]);
}

// Where the map looks, by what is shown.
function frame() {
  if (state.view) map.goTo(state.view);
  else if (model.place.has(state.area)) map.showArea(model.place.get(state.area));
  else if (state.place) showPlace(state.place);
  else map.home();
}

function startControls() {
  for (const id of ["both", "imd", "cni"]) {
    byId(`half-${id}`).addEventListener("input", (event) => {
      const half = Number(event.target.value);
      set({ ...(id === "both" ? { imd: half, cni: half } : { [id]: half }), page: 1 });
    });
  }
  byId("split").addEventListener("change", (event) => {
    set(event.target.checked ? { split: true } : { split: false, cni: state.imd });
  });
  byId("own").addEventListener("click", () => {
    const own = { imd: ownHalf("imd"), cni: ownHalf("cni") };
    set({ ...own, split: own.imd !== own.cni, page: 1 });
    byId(state.split ? "half-imd" : "half-both").focus();
  });
  const tabs = [...byId("tabs").children];
  tabs.forEach((tab, at) => {
    tab.addEventListener("click", () => set({ tab: tab.value, page: 1 }, { push: true }));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const to = { Home: 0, End: tabs.length - 1 }[event.key] ?? (step && (at + step + tabs.length) % tabs.length);
      if (to === undefined) return;
      event.preventDefault();
      set({ tab: tabs[to].value, page: 1 }, { push: true });
      tabs[to].focus();
    });
  });
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    land(HEADS[boxShown()]);
  });
  byId("copy-link").addEventListener("click", async () => {
    writeHash(true);
    const isFile = location.protocol === "file:";
    let said = isFile ? "Copied. It opens only where this file lies: send the file along, or put it on a share." : "Copied";
    try {
      await navigator.clipboard.writeText(location.href);
    } catch {
      said = `Copy it from the address bar.${isFile ? " It opens only where this file lies." : ""}`;
    }
    byId("copy-status").textContent = said;
  });
  // The map is painted in the colours of the page, light or dark.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    map.restyle();
    render();
  });
  window.addEventListener("popstate", () => {
    readHash();
    classify(state.imd, state.cni);
    frame();
    render();
    landOnHead();
  });
  startSearch({
    onPlace: goToPlace,
    onArea: openArea,
    onText: (q) => {
      set({ q, place: "", area: "", tab: "list", show: "all", page: 1 }, { push: true });
      land("tab-panel");
    },
  });
}

function keepDetail({ document: said, column }) {
  const names = ["parts", "part_code", "part_rank", "part_residents", "part_line", "part_lookup_line"];
  names.push("imd_line", "cni_line", "boundary_line", "draws_imd", "draws_cni");
  for (const { index, domain, averaged } of said.domains) {
    const suffixes = averaged ? ["_mean", "_worst", "_best"] : [""];
    names.push(...suffixes.map((suffix) => `${index}_${domain}${suffix}`));
  }
  said.changes.forEach((_, at) => names.push(`other_${at}_imd`, `other_${at}_cni`));
  said.fares.forEach((_, at) => names.push(`fare_${at}`));
  const ranks = Object.fromEntries(names.map((name) => [name, column(name)]));
  let sum = 0;
  const partStart = ranks.parts?.map((count) => (sum += count) - count);
  model.detail = { ...said, ranks, partStart };
}

const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));

async function start() {
  const progress = document.documentElement.dataset;
  readCore(await unpack("core"));
  for (const index of INDICES) STATE[index] = ownHalf(index);
  STATE.split = STATE.imd !== STATE.cni;
  readHash();
  classify(state.imd, state.cni);
  render();
  landOnHead();
  keepInLinks();
  startControls();
  byId("reading").remove();
  progress.ready = "list";
  await painted();
  map.start(await unpack("shapes"));
  tellApproximate();
  map.onOpen = openArea;
  map.onMove = () => {
    state.view = map.place();
    writeHash(false);
  };
  frame();
  render();
  performance.mark("usable");
  progress.ready = "map";
  await painted();
  keepDetail(await unpack("detail"));
  render();
  prepareSearch();
  map.name();
  progress.ready = "all";
}

start().catch((error) => {
  byId("reading").textContent = `This page could not be read (${error.message}). It needs a browser of 2023 or later.`;
  throw error;
});
