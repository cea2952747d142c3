// What became of the neighbourhood that an area is part of, where a programme chose among them: the
// numbers of orchestration/publish/explorer/selection.py.

const BY_PROGRAMME = 1;

function becameOf(area) {
  const { most_selected: most, group_word: group } = model.chosen;
  const place = ordinal(model.chosen_placeOf[area]);
  return [
    null,
    "was chosen by the programme",
    "is chosen by the rule that was inferred from the programme’s list, and is not on it",
    `could not be chosen: its ${group} holds a place of the phase before`,
    `was not chosen: by the rule that was inferred it is the ${place} of its ${group}`,
    `was not chosen: by the rule that was inferred it is the first of its ${group}, and the ${place} in line where ${number(most)} were taken`,
  ][model.chosenOf[area]];
}

const chosenLink = () => element("a", { href: `${model.chosen.edition_id}.html` }, model.chosen.programme);

function chosenText(area) {
  const became = model.chosen && knownOf(area) ? becameOf(area) : null;
  if (!became) return null;
  return element("p", { class: "hint", id: "chosen" }, chosenLink(), `: its neighbourhood, ${knownOf(area)}, ${became}.`);
}

// The neighbourhoods of a place that the programme chose, each with its council: some names come twice.
function chosenIn(place) {
  if (!model.chosen) return null;
  const here = allAreas().filter(inPlace(place)).filter((area) => model.chosenOf[area] === BY_PROGRAMME);
  const named = (area) => (geographyOf(place) === "authority" ? knownOf(area) : `${knownOf(area)} (${ladOf(area)[1]})`);
  const names = [...new Set(here.map(named))].sort();
  return names.length
    ? element("p", { class: "hint", id: "place-chosen" }, chosenLink(), ` chose, here or in part here: ${names.join("; ")}.`)
    : null;
}
