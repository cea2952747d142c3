// The edition's areas, what is on the list at the chosen thresholds, and why. Rank 1 = worst.

const model = { detail: null };
const INDICES = ["imd", "cni"];
const CLASSES = [
  { key: "both", label: "On the list", means: "within both thresholds" },
  { key: "imd", label: "Deprivation only", means: "within the IMD's threshold, not the CNI's" },
  { key: "cni", label: "Community need only", means: "within the CNI's threshold, not the IMD's" },
  { key: "neither", label: "Neither", means: "beyond both thresholds" },
  { key: "none", label: "Not rated", means: "without a rank on one index or both" },
];
const [BOTH, IMD_ONLY, CNI_ONLY, NEITHER, NOT_RATED] = CLASSES.keys();

function readCore({ document: said, column }) {
  Object.assign(model, said);
  for (const name of ["code", "lad", "residents", "imd", "cni", "reason", "published", "draws", "origin", "known", "chosen", "chosen_place"]) {
    model[`${name}Of`] = column(name);
  }
  model.name = namesOf(said.names);
  model.count = model.name.length;
  model.classOf = new Uint8Array(model.count);
  model.place = new Map();
  for (let area = 0; area < model.count; area += 1) model.place.set(codeOf(area), area);
  model.country = said.release.country.split(" (")[0];
  model.regions = [...new Set(said.lads.map((lad) => lad[2]))].sort();
  // By the code of a larger area: its kind, its name, and its number there.
  model.largerOf = new Map();
  for (const kind of model.larger) {
    kind.of = column(`in_${kind.kind}`);
    kind.areas.forEach(([code, name], at) => model.largerOf.set(code, { kind, name, number: at + 1 }));
  }
}

const allAreas = () => Array.from({ length: model.count }, (_, area) => area);
const codeOf = (area) => model.prefix + String(model.codeOf[area]).padStart(8, "0");
const ladOf = (area) => model.lads[model.ladOf[area]];
// The name by which people know where it is, and what it is called with that.
const knownOf = (area) => model.places[model.knownOf[area] - 1] ?? null;
const titleOf = (area) => (knownOf(area) ? `${knownOf(area)} (${model.name[area]})` : model.name[area]);
const largerOf = (area, geography) => {
  const kind = model.larger.find((one) => one.geography === geography);
  return kind?.areas[kind.of[area] - 1] ?? null;
};
const ownHalf = (index) => 2 * model.indices[index].percent;

// The last rank within a threshold of so many half-percents: method.threshold_rank(n, half, 200). A
// test holds the two together.
const lastPlace = (index, half) => Math.floor((model.indices[index].ranked * half) / 200);

// From how many half-percents on a rank is within the threshold.
const halfOf = (index, rank) => Math.ceil((200 * rank) / model.indices[index].ranked);

function classAt(area, lastImd, lastCni) {
  const imd = model.imdOf[area];
  const cni = model.cniOf[area];
  if (!imd || !cni) return NOT_RATED;
  if (imd <= lastImd) return cni <= lastCni ? BOTH : IMD_ONLY;
  return cni <= lastCni ? CNI_ONLY : NEITHER;
}

function classify(halfImd, halfCni) {
  const lastImd = lastPlace("imd", halfImd);
  const lastCni = lastPlace("cni", halfCni);
  const counts = new Array(CLASSES.length).fill(0);
  let residents = 0;
  for (let area = 0; area < model.count; area += 1) {
    const found = classAt(area, lastImd, lastCni);
    model.classOf[area] = found;
    counts[found] += 1;
    if (found === BOTH && model.residentsOf[area]) residents += model.residentsOf[area] - 1;
  }
  Object.assign(model, { lastImd, lastCni, counts, listedResidents: residents });
}

// A rank as people say it: the share of all areas that are as bad or worse, in whole per cent.
const INDEX_WORDS = { imd: "deprivation", cni: "community need" };
const worstShare = (index, rank) => Math.ceil((100 * rank) / model.indices[index].ranked);

function standing(area, index) {
  const rank = model[`${index}Of`][area];
  return `worst ${worstShare(index, rank)}% for ${INDEX_WORDS[index]}`;
}

// By how much it is not within a threshold, or nothing.
function missedBy(area, index) {
  const last = index === "imd" ? model.lastImd : model.lastCni;
  const places = model[`${index}Of`][area] - last;
  return places > 0 ? `misses the worst ${halves(state[index])} by ${plural(places, "place", "places")}` : "";
}

function reasonOf(area) {
  if (model.classOf[area] === NOT_RATED) {
    return `Not rated: ${model.reasons[model.reasonOf[area] - 1]}`;
  }
  return capital(INDICES.map((index) => standing(area, index)).join(", "));
}

// Where the shape of an area is from, if its file says, and whether it is put together from others.
const originOf = (area) => model.origins[model.originOf[area] - 1]?.[0] ?? null;
const isApproximate = (area) => model.origins[model.originOf[area] - 1]?.[1] ?? false;

const residentsOf = (area) => (model.residentsOf[area] ? model.residentsOf[area] - 1 : null);
const publishedOf = (area) => [null, false, true][model.publishedOf[area]];
const surenessOf = (area) => (model.drawsOf[area] ? (model.drawsOf[area] - 1) / model.draws : null);
const isListed = (area) => classAt(area, ...INDICES.map((index) => lastPlace(index, ownHalf(index)))) === BOTH;
// A class in the mart's words, but where it speaks against the edition's own list.
function surenessWord(area) {
  const share = surenessOf(area);
  if (isListed(area) !== share >= 0.5) return "a close call";
  return model.classes.find(([, least]) => share >= least)?.[0] ?? "";
}
