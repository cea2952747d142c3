// The page of a council, constituency, ward, care board, region or place: what is on the list there,
// where it stands among its kind, what nearly is on it, what changed and how people fare.

const KNOWN = "place:";
const NEAR_MISSES = 5;

// What a chosen place is: a region by its name, another larger area by its code, a place that people
// know by its name with a word before it. Null where the edition has none of that key.
function geographyOf(place) {
  if (model.lads.some(([code]) => code === place)) return "authority";
  if (model.largerOf.has(place)) return model.largerOf.get(place).kind.geography;
  if (place.startsWith(KNOWN)) return model.places.includes(place.slice(KNOWN.length)) ? "place" : null;
  return model.regions.includes(place) ? "region" : null;
}

// By an area: the key of what it lies in, of that kind.
function keysOf(geography) {
  if (geography === "authority") return (area) => ladOf(area)[0];
  if (geography === "region") return (area) => ladOf(area)[2];
  if (geography === "place") return (area) => (knownOf(area) ? KNOWN + knownOf(area) : null);
  return (area) => largerOf(area, geography)?.[0] ?? null;
}

function inPlace(place) {
  if (!place) return () => true;
  const keyOf = keysOf(geographyOf(place));
  return (area) => keyOf(area) === place;
}

const placeName = (place) =>
  model.lads.find(([code]) => code === place)?.[1] ??
  model.largerOf.get(place)?.name ??
  (place.startsWith(KNOWN) ? place.slice(KNOWN.length) : place);

// As it is said: 'Bristol, City of' is the City of Bristol, and a region of the compass has its article.
function spoken(place) {
  const name = placeName(place).replace(/^(.*), (.* of)$/, "$2 $1");
  const needs = geographyOf(place) === "region" && /^(North|South|East|West)\b/.test(name);
  return needs || /^(City|County|Isle) of/.test(name) ? `the ${name}` : name;
}

const possessive = (name) => `${name}${name.endsWith("s") ? "’" : "’s"}`;

// How many areas of each class are in the place.
function countsIn(place) {
  if (!place) return model.counts;
  const here = inPlace(place);
  const counts = new Array(CLASSES.length).fill(0);
  for (let area = 0; area < model.count; area += 1) if (here(area)) counts[model.classOf[area]] += 1;
  return counts;
}

// What is on the list in the place, in a sentence. 'Rated' is said where that leaves some out.
function placeSentence(place) {
  const here = allAreas().filter(inPlace(place));
  const rated = here.filter((area) => model.classOf[area] !== NOT_RATED);
  const listed = here.filter((area) => model.classOf[area] === BOTH);
  const word = rated.length === here.length ? "" : "rated ";
  const { one, several } = model.words;
  const of = capital(possessive(spoken(place)));
  if (!here.length) return `This list has no place of the code or name ${place}.`;
  if (!rated.length) return `None of ${possessive(spoken(place))} ${plural(here.length, one, several)} is rated.`;
  if (!listed.length) {
    return rated.length === 1
      ? `${of} one ${word}${one} is not on the list.`
      : `None of ${possessive(spoken(place))} ${number(rated.length)} ${word}${several} is on the list.`;
  }
  const people = listed.reduce((sum, area) => sum + (residentsOf(area) ?? 0), 0);
  const live = plural(people, "person lives", "people live");
  if (rated.length === 1) return `${of} one ${word}${one} is on the list; ${live} there.`;
  return `${number(listed.length)} of ${possessive(spoken(place))} ${number(rated.length)} ${word}${several} (${percent(listed.length / rated.length, 0)}) ${listed.length === 1 ? "is" : "are"} on the list; ${live} there.`;
}

// Its place among its kind, by number and by share.
function rankSentence(place, geography) {
  const groups = counted(keysOf(geography)).filter(({ key, rated }) => key !== null && rated);
  const [one, several] = GEOGRAPHIES[geography];
  const here = groups.find(({ key }) => key === place);
  if (!here) return null;
  const none = groups.filter(({ listed }) => !listed).length;
  const of = `${model.country}’s ${plural(groups.length, one, several)}`;
  if (!here.listed) return `${number(none)} of ${of} ${have(none)} none on the list.`;
  const stands = (value) => {
    const ahead = groups.filter((group) => value(group) > value(here)).length;
    const joint = groups.filter((group) => value(group) === value(here)).length > 1 ? "joint " : "";
    return joint || ahead ? `the ${joint}${ordinal(ahead + 1)} ` : "the ";
  };
  const most = stands((group) => group.listed);
  const highest = stands((group) => group.listed / group.areas);
  return `Of ${of}, it has ${most}most ${model.words.several} on the list and ${highest}highest share of them.${none ? ` ${number(none)} ${have(none)} none.` : ""}`;
}

function renderPlace(box, place) {
  const geography = geographyOf(place);
  const inside = geography === "authority" ? model.lads.find(([code]) => code === place)[2] : null;
  const kind = geography ? capital(GEOGRAPHIES[geography][0]) : "";
  refill(
    box,
    element("p", {}, element("button", { type: "button", id: "close-place", onclick: closePlace }, "← The whole list")),
    element("h2", { id: "place-title", tabindex: "-1" }, capital(spoken(place))),
    element(
      "p",
      { class: "lede" },
      kind,
      geography === "region" || geography === "place" ? "" : ` ${place}`,
      inside ? [", ", placeButton(inside)] : "",
    ),
    element("p", { class: "said", id: "place-sentence" }, placeSentence(place)),
    geography
      ? [
          element("p", { id: "place-rank" }, rankSentence(place, geography)),
          chosenIn(place),
          listed(),
          section("near-misses", "Nearest to the list", nearMisses(place)),
          geography === "region" ? section("councils", `Councils of ${spoken(place)}`, councilsOf(place)) : null,
          model.detail
            ? [section("place-changes", "Since another edition", changesIn(place)), section("place-fares", "How people fare", placeFares(place))]
            : element("p", { class: "hint" }, "Reading the details…"),
        ]
      : null,
  );
}

const placeButton = (place) =>
  element("button", { type: "button", class: "link", id: `go-${place}`, onclick: () => goToPlace(place) }, placeName(place));

// The rated areas that would be the next to join, by the threshold on both indices that brings them in.
function nearMisses(place) {
  const needs = (area) => Math.max(...INDICES.map((index) => model[`${index}Of`][area] / model.indices[index].ranked));
  const near = allAreas()
    .filter(inPlace(place))
    .filter((area) => model.classOf[area] !== BOTH && model.classOf[area] !== NOT_RATED)
    .map((area) => [needs(area), area])
    .sort(([a], [b]) => a - b)
    .slice(0, NEAR_MISSES);
  if (!near.length) return null;
  return element(
    "ol",
    { class: "areas" },
    near.map(([, area]) =>
      element(
        "li",
        {},
        areaLink(area, "-near"),
        element("span", { class: "note" }, `${codeOf(area)} · ${reasonOf(area)}`),
      ),
    ),
  );
}

function changesIn(place) {
  const here = inPlace(place);
  const found = model.detail.changes.map((pair) => {
    const rows = pair.rows.filter(([area]) => here(area));
    const areas = (change) => rows.filter((row) => row[1] === change).map(([area]) => area);
    const [joined, left, stayed] = CHANGES.map(({ key }) => areas(key));
    const { one, several } = model.words;
    const names = (list, word) =>
      list.length
        ? element(
            "details",
            {},
            element("summary", {}, `${plural(list.length, one, several)} ${word}`),
            element("ul", { class: "areas" }, list.map((area) => element("li", {}, areaLink(area, `-${word}`)))),
          )
        : null;
    return [
      element("p", {}, `From ${pair.label_from} to ${pair.label_to}: ${number(joined.length)} joined, ${number(left.length)} left and ${number(stayed.length)} stayed.`),
      names(joined, "joined"),
      names(left, "left"),
      methodChanged(pair),
    ];
  });
  return found.length ? found : null;
}
