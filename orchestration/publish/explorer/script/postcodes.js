// Postcodes: a script beside the page for each postcode area, loaded once somebody types one.

const POSTCODE = /^([A-Z]{1,2})(\d[A-Z\d]?) *(?:(\d)([A-Z]{0,2}))?$/;
const LETTERS = 26;
const postcodesOf = new Map();
const letter = (number) => String.fromCharCode(65 + number);

// What a text is, if it may be a postcode or begin one: its area, and how it can be read, as first part
// and what follows. "XA12" is XA12, and where there is none XA1 2.
function postcodeIn(text) {
  const written = text.trim().toUpperCase();
  const [, area, rest, digit = "", letters = ""] = POSTCODE.exec(written) ?? [];
  if (!area) return null;
  const readings = [{ first: area + rest, last: digit + letters }];
  const [, first, last] = /^([A-Z]{1,2}\d)(\d)$/.exec(written) ?? [];
  if (first) readings.push({ first, last });
  return { area, readings, text: `${area}${rest} ${digit}${letters}`.trim(), isWhole: letters.length === 2 };
}

window.lbnPostcodes = (area, text) => {
  postcodesOf.get(area)?.arrived(unpackText(text));
};

// The postcodes of an area, or null where its script is not beside the page.
function loadPostcodes(area) {
  if (!postcodesOf.has(area)) {
    const kept = {};
    kept.promise = new Promise((arrived) => {
      kept.arrived = arrived;
      const script = element("script", { src: `postcodes/${area}.js` });
      script.onerror = () => arrived(null);
      document.head.append(script);
    }).then((unpacked) => unpacked && tabled(unpacked));
    postcodesOf.set(area, kept);
  }
  return postcodesOf.get(area).promise;
}

function tabled({ document: { first, areas }, column }) {
  const [firsts, lasts, small, ended] = ["first", "last", "area", "is_ended"].map(column);
  // Of the small areas those of this edition; null where one lies in none.
  const own = areas[model.edition.area_type] ?? [];
  const areaOf = own.map((code) => model.place.get(code) ?? null);
  return { first, firsts, lasts, small, ended, areaOf };
}

const lastPart = (number) =>
  Math.floor(number / LETTERS / LETTERS) + letter(Math.floor(number / LETTERS) % LETTERS) + letter(number % LETTERS);

// The areas in which the postcodes lie that begin so, that with most of them first.
function areasOf(table, readings) {
  const wanted = readings.find(({ first }) => table.first.includes(first)) ?? readings[0];
  const first = table.first.indexOf(wanted.first);
  const counts = new Map();
  let isInUse = false;
  let total = 0;
  for (let at = 0; first >= 0 && at < table.firsts.length; at += 1) {
    if (table.firsts[at] !== first || !lastPart(table.lasts[at]).startsWith(wanted.last)) continue;
    total += 1;
    isInUse ||= !table.ended[at];
    const area = table.areaOf[table.small[at]];
    if (area !== null) counts.set(area, (counts.get(area) ?? 0) + 1);
  }
  const areas = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([area]) => area);
  return { areas, total, isInUse };
}

// What is to be said of a text that may be a postcode, and the areas that it leads to.
async function findPostcode(wanted) {
  const known = model.release.postcode_areas;
  if (!known.length) {
    const said = `${wanted.text} looks like a postcode, and this release was made without postcodes.`;
    return { areas: [], said: wanted.isWhole ? said : "" };
  }
  const none = { areas: [], said: wanted.isWhole ? `There is no postcode ${wanted.text} in the country.` : "" };
  if (!known.includes(wanted.area)) return none;
  const table = await loadPostcodes(wanted.area);
  if (!table) {
    return { areas: [], said: `The postcodes lie in the folder “postcodes” beside this page, and ${wanted.area}.js is not there.` };
  }
  const { areas, total, isInUse } = areasOf(table, wanted.readings);
  if (!total) return none;
  if (!areas.length) return { areas, said: `${wanted.text} lies in none of the ${model.words.several} of this edition.` };
  return { areas, said: wanted.isWhole && !isInUse ? `${wanted.text} is not in use any more.` : "" };
}
