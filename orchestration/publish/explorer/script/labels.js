// What the map says on itself: names of councils and places as there is room, a scale, where one is.

const LABELS = 40; // no more at once
const ROOM = { council: 64, place: 80 }; // pixels across, from which what has the name is named
const LINE = 16;

// The names with their middle and how far across they reach, the widest first. Where no places are
// known (wards), the areas themselves are named.
function namesOnMap(areas, hasShape) {
  const found = new Map();
  const add = (kind, name, area) => {
    // Several councils have a Park.
    const key = `${kind} ${ladOf(area)[0]} ${name}`;
    const [west, east] = [areas.west[area], areas.east[area]];
    const at = found.get(key) ?? { kind, name, west, east, x: 0, y: 0, count: 0 };
    at.west = Math.min(at.west, west);
    at.east = Math.max(at.east, east);
    at.x += (west + east) / 2;
    at.y += (areas.south[area] + areas.north[area]) / 2;
    at.count += 1;
    found.set(key, at);
  };
  for (let area = 0; area < model.count; area += 1) {
    if (!hasShape(area)) continue;
    add("council", ladOf(area)[1], area);
    const small = model.places.length ? knownOf(area) : model.name[area];
    if (small) add("place", small, area);
  }
  return [...found.values()]
    .map(({ kind, name, west, east, x, y, count }) => ({ kind, name, x: x / count, y: y / count, across: east - west }))
    .sort((a, b) => a.kind.localeCompare(b.kind) || b.across - a.across);
}

// `kept` are boxes [left, top, right, bottom] that no name may cover; each name adds its own.
function drawNames(context, names, { toScreen, scale, wide, high, kept, style }) {
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  let drawn = 0;
  for (const { kind, name, x, y, across } of names) {
    if (drawn >= LABELS) return;
    if (across * scale < ROOM[kind]) continue;
    const [left, top] = toScreen(x, y);
    if (left < 0 || top < 0 || left > wide || top > high) continue;
    context.font = kind === "council" ? "600 13px system-ui, sans-serif" : "12px system-ui, sans-serif";
    const half = context.measureText(name).width / 2 + 3;
    const box = [left - half, top - LINE / 2, left + half, top + LINE / 2];
    if (box[0] < 0 || box[2] > wide) continue;
    if (kept.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) continue;
    kept.push(box);
    drawn += 1;
    context.strokeStyle = style("--paper");
    context.lineWidth = 3;
    context.strokeText(name, left, top);
    context.fillStyle = style("--ink");
    context.fillText(name, left, top);
  }
}

// The longest round length that fits: 1, 2 or 5 and noughts.
function roundLength(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  return [5, 2, 1].find((first) => first * power <= most) * power;
}

// `metres` a pixel.
function drawScale(context, { metres, high, style }) {
  const length = roundLength(110 * metres);
  const end = 10 + length / metres;
  context.strokeStyle = style("--ink");
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(10, high - 15);
  context.lineTo(10, high - 10);
  context.lineTo(end, high - 10);
  context.lineTo(end, high - 15);
  context.stroke();
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.font = "12px system-ui, sans-serif";
  context.strokeStyle = style("--paper");
  context.lineWidth = 3;
  const text = length < 1000 ? `${number(length)} m` : `${number(length / 1000)} km`;
  context.strokeText(text, 15, high - 16);
  context.fillStyle = style("--ink");
  context.fillText(text, 15, high - 16);
}

const INSET = 96; // pixels, the longer side

// The whole country in the corner, with what is shown of it.
function drawInset(context, land, [west, south, east, north], shown, { wide, high, ratio, style }) {
  const scale = INSET / Math.max(east - west, north - south);
  const [across, up] = [(east - west) * scale, (north - south) * scale];
  const [left, top] = [wide - across - 8, high - up - 8];
  const at = (x, y) => [left + (x - west) * scale, top + (north - y) * scale];
  context.fillStyle = style("--paper");
  context.fillRect(left - 4, top - 4, across + 8, up + 8);
  context.strokeStyle = style("--line");
  context.lineWidth = 1;
  context.strokeRect(left - 4, top - 4, across + 8, up + 8);
  const [x0, y0] = at(0, 0);
  context.setTransform(ratio * scale, 0, 0, -ratio * scale, ratio * x0, ratio * y0);
  context.fillStyle = style("--authority");
  context.fill(land, "evenodd");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const [x, y] = at(shown.west, shown.north);
  const [right, bottom] = at(shown.east, shown.south);
  context.strokeStyle = style("--accent");
  context.lineWidth = 2;
  // No smaller than can be seen.
  const [w, h] = [Math.max(right - x, 6), Math.max(bottom - y, 6)];
  context.strokeRect((x + right - w) / 2, (y + bottom - h) / 2, w, h);
}
