// The map: a canvas of our own. Small areas are dots until they are large enough to have a shape.

const map = {
  ready: false,
  selected: null,
  marked: null,
  // What an area's colour is: an entry of `colours`, or -1 for that of the land.
  paint: () => -1,
  colours: [],
  strong: 0,
  onOpen: () => {},
  onMove: () => {},
};

(() => {
  const DOTS_BELOW = 4; // pixels, of a typical area's side
  const BORDERS_FROM = 14;
  const REACH = 10; // pixels from the middle of a dot at which it is meant
  const REACH_OF_A_FINGER = 24;
  const STACKED = 3;
  const GREATEST_SCALE = 3; // the shapes are rounded to 10 m: no nearer than 3 pixels each
  const ORDER_LAST = 1e9;
  const WIDEST = 2 ** 20; // more than any coordinate
  const FADED = 0.25;
  const INSET_FROM = 4; // times as near as the whole country
  const view = { x: 0, y: 0, scale: 1 };
  let canvas;
  let context;
  let tip;
  let home = null;
  let areas;
  let land;
  let names = [];
  let unit = 1;
  let typical = 1;
  let asked = false;
  let isHome = true;
  let chosen = { key: "", isInside: () => true, border: null };

  function readRings(column, prefix) {
    const counts = column(`${prefix}_rings`);
    const lengths = column(`${prefix}_lengths`);
    const first = new Int32Array(counts.length + 1);
    const start = new Int32Array(lengths.length + 1);
    counts.forEach((count, at) => (first[at + 1] = first[at] + count));
    lengths.forEach((length, at) => (start[at + 1] = start[at] + length));
    return { first, start, x: column(`${prefix}_x`), y: column(`${prefix}_y`) };
  }

  function trace(path, rings, shape) {
    for (let ring = rings.first[shape]; ring < rings.first[shape + 1]; ring += 1) {
      let at = rings.start[ring];
      path.moveTo(rings.x[at], rings.y[at]);
      for (at += 1; at < rings.start[ring + 1]; at += 1) path.lineTo(rings.x[at], rings.y[at]);
      path.closePath();
    }
  }

  function boxesOf(rings, count) {
    const boxes = { west: [], south: [], east: [], north: [] };
    for (let shape = 0; shape < count; shape += 1) {
      let [west, south, east, north] = [ORDER_LAST, ORDER_LAST, -ORDER_LAST, -ORDER_LAST];
      const end = rings.start[rings.first[shape + 1]];
      for (let at = rings.start[rings.first[shape]]; at < end; at += 1) {
        if (rings.x[at] < west) west = rings.x[at];
        if (rings.x[at] > east) east = rings.x[at];
        if (rings.y[at] < south) south = rings.y[at];
        if (rings.y[at] > north) north = rings.y[at];
      }
      boxes.west.push(west);
      boxes.south.push(south);
      boxes.east.push(east);
      boxes.north.push(north);
    }
    return boxes;
  }

  map.hasShape = (area) => map.ready && areas.first[area + 1] > areas.first[area];

  function extent(list) {
    const box = [ORDER_LAST, ORDER_LAST, -ORDER_LAST, -ORDER_LAST];
    for (const area of list) {
      if (!map.hasShape(area)) continue;
      box[0] = Math.min(box[0], areas.west[area]);
      box[1] = Math.min(box[1], areas.south[area]);
      box[2] = Math.max(box[2], areas.east[area]);
      box[3] = Math.max(box[3], areas.north[area]);
    }
    return box[0] === ORDER_LAST ? null : box;
  }

  const width = () => canvas.clientWidth;
  const height = () => canvas.clientHeight;

  function fit([west, south, east, north], margin) {
    view.x = (west + east) / 2;
    view.y = (south + north) / 2;
    const across = (width() * margin) / Math.max(east - west, 1);
    const up = (height() * margin) / Math.max(north - south, 1);
    view.scale = Math.min(across, up, GREATEST_SCALE);
  }

  function limit() {
    view.scale = Math.min(Math.max(view.scale, leastScale()), GREATEST_SCALE);
    view.x = Math.min(Math.max(view.x, home[0]), home[2]);
    view.y = Math.min(Math.max(view.y, home[1]), home[3]);
  }

  function leastScale() {
    return 0.8 * Math.min(width() / (home[2] - home[0]), height() / (home[3] - home[1]));
  }

  map.home = () => {
    if (!map.ready) return;
    fit(home, 0.96);
    moved(true);
  };

  map.zoom = (factor, x = width() / 2, y = height() / 2) => {
    const [east, north] = toMap(x, y);
    view.scale *= factor;
    limit();
    view.x = east - (x - width() / 2) / view.scale;
    view.y = north + (y - height() / 2) / view.scale;
    moved();
  };

  map.pan = (right, down) => {
    view.x += right / view.scale;
    view.y -= down / view.scale;
    moved();
  };

  // A place: what is outside it fades, and its border is drawn.
  map.choose = (key, isInside) => {
    if (!map.ready || key === chosen.key) return;
    chosen = { key, isInside, border: key ? borderOf(allAreas().filter(isInside)) : null };
  };

  // The outer border of areas: the edges that two of them share lie within.
  function borderOf(list) {
    const edges = new Map();
    for (const area of list) {
      for (let ring = areas.first[area]; ring < areas.first[area + 1]; ring += 1) {
        const end = areas.start[ring + 1];
        let before = end - 1;
        for (let at = areas.start[ring]; at < end; before = at, at += 1) {
          const ends = [before, at].map((vertex) => areas.x[vertex] * WIDEST + areas.y[vertex]).sort((a, b) => a - b);
          const edge = ends.join();
          if (!edges.delete(edge)) edges.set(edge, [before, at]);
        }
      }
    }
    const path = new Path2D();
    for (const [from, to] of edges.values()) {
      path.moveTo(areas.x[from], areas.y[from]);
      path.lineTo(areas.x[to], areas.y[to]);
    }
    return path;
  }

  // The areas that have a vertex in common with one.
  map.neighbours = (area) => {
    if (!map.hasShape(area)) return [];
    const vertices = (of) => [areas.start[areas.first[of]], areas.start[areas.first[of + 1]]];
    const keyAt = (vertex) => areas.x[vertex] * WIDEST + areas.y[vertex];
    const own = new Set();
    const [from, end] = vertices(area);
    for (let at = from; at < end; at += 1) own.add(keyAt(at));
    return allAreas().filter((other) => {
      if (other === area || areas.west[other] > areas.east[area] || areas.east[other] < areas.west[area]) return false;
      if (areas.south[other] > areas.north[area] || areas.north[other] < areas.south[area]) return false;
      const [first, last] = vertices(other);
      for (let at = first; at < last; at += 1) if (own.has(keyAt(at))) return true;
      return false;
    });
  };

  map.show = (list, margin = 0.8) => {
    const box = map.ready && extent(list);
    if (!box) return;
    fit(box, margin);
    moved();
  };

  // Near enough to know an area and its neighbours.
  map.showArea = (area) => {
    if (!map.hasShape(area)) return;
    map.show([area], 0.8);
    map.zoom(0.35);
  };

  // Empty where the whole country is shown, as at first.
  map.place = () => (isHome ? "" : [view.x, view.y, view.scale].map((part) => Number(part.toPrecision(5))).join());

  map.goTo = (text) => {
    const parts = text.split(",").map(Number);
    if (!map.ready || parts.length !== 3 || !parts.every(Number.isFinite)) return;
    [view.x, view.y, view.scale] = parts;
    limit();
    isHome = false;
    map.draw();
  };

  function moved(toHome = false) {
    limit();
    isHome = toHome;
    // What was pointed at is elsewhere now.
    point(null);
    map.draw();
    map.onMove();
  }

  const toMap = (x, y) => [
    view.x + (x - width() / 2) / view.scale,
    view.y - (y - height() / 2) / view.scale,
  ];
  const toScreen = (x, y) => [
    width() / 2 + (x - view.x) * view.scale,
    height() / 2 - (y - view.y) * view.scale,
  ];

  map.draw = () => {
    if (asked || !map.ready) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };

  function draw() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const [wide, high] = [Math.round(width() * ratio), Math.round(height() * ratio)];
    if (!wide || !high) return;
    if (canvas.width !== wide || canvas.height !== high) {
      canvas.width = wide;
      canvas.height = high;
    }
    const { scale } = view;
    const onMap = () => {
      const k = ratio * scale;
      const [left, top] = toScreen(0, 0);
      context.setTransform(k, 0, 0, -k, ratio * left, ratio * top);
    };
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = style("--sea");
    context.fillRect(0, 0, wide, high);
    onMap();
    context.fillStyle = style("--neither");
    context.fill(land, "evenodd");

    const [west, north] = toMap(0, 0);
    const [east, south] = toMap(width(), height());
    const shaped = asShapes();
    const buckets = map.colours.map(() => []);
    const bordered = [];
    const dashed = [];
    for (let area = 0; area < model.count; area += 1) {
      if (areas.west[area] > east || areas.east[area] < west) continue;
      if (areas.south[area] > north || areas.north[area] < south) continue;
      const colour = map.paint(area);
      if (colour >= 0) buckets[colour].push(area);
      bordered.push(area);
      if (isApproximate(area)) dashed.push(area);
    }
    // The last colour first, so that what matters most lies on top.
    for (let colour = buckets.length - 1; colour >= 0; colour -= 1) {
      const least = leastDot(colour);
      context.fillStyle = map.colours[colour];
      for (const area of buckets[colour]) {
        context.globalAlpha = chosen.isInside(area) ? 1 : FADED;
        if (shaped) {
          context.beginPath();
          trace(context, areas, area);
          context.fill("evenodd");
        }
        if (isDot(area, colour)) {
          const grown = Math.max(least / scale, shaped ? 0 : typical / 2);
          context.fillRect(
            (areas.west[area] + areas.east[area] - grown) / 2,
            (areas.south[area] + areas.north[area] - grown) / 2,
            grown,
            grown,
          );
        }
      }
    }
    context.globalAlpha = 1;
    if (typical * scale >= BORDERS_FROM) {
      context.strokeStyle = style("--border");
      context.lineWidth = 0.6 / scale;
      context.beginPath();
      for (const area of bordered) trace(context, areas, area);
      context.stroke();
    }
    if (shaped && dashed.length) {
      context.strokeStyle = style("--ink");
      context.lineWidth = 1 / scale;
      context.setLineDash([4 / scale, 3 / scale]);
      context.beginPath();
      for (const area of dashed) trace(context, areas, area);
      context.stroke();
      context.setLineDash([]);
    }
    context.strokeStyle = style("--authority");
    context.lineWidth = (shaped ? 1.1 : 0.6) / scale;
    context.stroke(land);
    if (chosen.border) {
      context.strokeStyle = style("--ink");
      context.lineWidth = 2 / scale;
      context.lineCap = "round";
      context.stroke(chosen.border);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (const area of [map.marked, map.selected]) {
      if (area !== null && map.hasShape(area)) outline(area, ratio, onMap);
    }
    write(ratio, { west, south, east, north });
  }

  // What is written on the map, over all that is drawn. The keys move what is in the middle.
  function write(ratio, shown) {
    const common = { toScreen, scale: view.scale, wide: width(), high: height(), ratio, style };
    const isNear = view.scale > INSET_FROM * leastScale();
    const kept = [[0, 0, 130, 130], [0, height() - 40, 130, height()]];
    if (isNear) kept.push([width() - 110, height() - 110, width(), height()]);
    // What is chosen is not written over.
    if (map.selected !== null && map.hasShape(map.selected)) {
      const [x, y] = middle(map.selected);
      kept.push([x - 14, y - 14, x + 14, y + 14]);
    }
    drawNames(context, names, { ...common, kept });
    drawScale(context, { ...common, metres: unit / view.scale });
    if (isNear) drawInset(context, land, home, shown, common);
    if (document.activeElement === canvas && canvas.matches(":focus-visible")) cross();
    byId("nearest").hidden = view.scale < GREATEST_SCALE;
  }

  function cross() {
    const [x, y] = [width() / 2, height() / 2];
    for (const [colour, thick] of [["--paper", 4], ["--ink", 1.5]]) {
      context.strokeStyle = style(colour);
      context.lineWidth = thick;
      context.beginPath();
      for (const way of [-1, 1]) {
        context.moveTo(x + 5 * way, y);
        context.lineTo(x + 13 * way, y);
        context.moveTo(x, y + 5 * way);
        context.lineTo(x, y + 13 * way);
      }
      context.stroke();
    }
  }

  function outline(area, ratio, onMap) {
    const [x, y] = middle(area);
    const small = (areas.east[area] - areas.west[area]) * view.scale < 14;
    const strokes = [
      [style("--paper"), 5],
      [style("--ink"), 2.2],
    ];
    for (const [colour, thick] of strokes) {
      context.strokeStyle = colour;
      context.beginPath();
      if (small) {
        context.lineWidth = thick;
        context.arc(x, y, 10, 0, 2 * Math.PI);
        context.stroke();
      } else {
        onMap();
        context.lineWidth = thick / view.scale;
        trace(context, areas, area);
        context.stroke();
        context.setTransform(ratio, 0, 0, ratio, 0, 0);
      }
    }
  }

  const middle = (area) =>
    toScreen(
      (areas.west[area] + areas.east[area]) / 2,
      (areas.south[area] + areas.north[area]) / 2,
    );

  function inside(area, x, y) {
    let odd = false;
    for (let ring = areas.first[area]; ring < areas.first[area + 1]; ring += 1) {
      const end = areas.start[ring + 1];
      let before = end - 1;
      for (let at = areas.start[ring]; at < end; before = at, at += 1) {
        const crosses = areas.y[at] > y !== areas.y[before] > y;
        const slope = (areas.x[before] - areas.x[at]) / (areas.y[before] - areas.y[at]);
        if (crosses && x < areas.x[at] + slope * (y - areas.y[at])) odd = !odd;
      }
    }
    return odd;
  }

  const leastDot = (colour) => (colour <= map.strong ? 3.4 : 2);
  const sideOf = (area) =>
    Math.max(areas.east[area] - areas.west[area], areas.north[area] - areas.south[area]);
  const asShapes = () => typical * view.scale >= DOTS_BELOW;
  // Whether an area is a dot: where all are, or where its own shape would be lost.
  const isDot = (area, colour) =>
    colour >= 0 && map.hasShape(area) && (!asShapes() || sideOf(area) * view.scale < 2 * leastDot(colour));

  // The dots within reach of a point, the nearest first; of those that lie on each other what lies on
  // top.
  function dotsAt(x, y, reach) {
    const found = [];
    for (let area = 0; area < model.count; area += 1) {
      const colour = map.paint(area);
      if (!isDot(area, colour)) continue;
      const [left, top] = middle(area);
      const apart = Math.hypot(left - x, top - y);
      if (apart <= reach) found.push({ area, colour, apart });
    }
    return found.sort((a, b) => a.apart - b.apart || a.colour - b.colour);
  }

  // Dots that nobody could tell apart: the nearest has another as good as on it.
  map.stacked = (x, y, reach) => {
    const [first, ...others] = dotsAt(x, y, reach);
    if (!first || view.scale >= GREATEST_SCALE) return false;
    const [left, top] = middle(first.area);
    return others.some(({ area }) => {
      const [otherLeft, otherTop] = middle(area);
      return Math.hypot(otherLeft - left, otherTop - top) < STACKED;
    });
  };

  // What is drawn there: the nearest dot within reach, else the shape that it is in.
  map.at = (screenX, screenY, reach = REACH) => {
    const [dot] = dotsAt(screenX, screenY, reach);
    if (dot) return dot.area;
    if (!asShapes()) return null;
    const [x, y] = toMap(screenX, screenY);
    for (let area = 0; area < model.count; area += 1) {
      if (areas.west[area] > x || areas.east[area] < x) continue;
      if (areas.south[area] > y || areas.north[area] < y) continue;
      if (inside(area, x, y)) return area;
    }
    return null;
  };

  map.mark = (area) => {
    if (map.marked === area) return;
    map.marked = area;
    map.draw();
  };

  function point(area, x, y) {
    map.mark(area);
    canvas.style.cursor = area === null ? "grab" : "pointer";
    tip.hidden = area === null;
    if (area === null) return;
    tip.replaceChildren(
      element("b", {}, titleOf(area)),
      element("span", {}, ladOf(area)[1]),
      element("span", {}, CLASSES[model.classOf[area]].label),
      isApproximate(area) ? element("span", {}, "Approximate shape") : "",
    );
    tip.style.left = `${Math.min(x + 14, width() - tip.offsetWidth - 4)}px`;
    tip.style.top = `${Math.max(4, y - tip.offsetHeight - 10)}px`;
  }

  function listen() {
    const fingers = new Map();
    let dragged = 0;
    const at = (event) => [event.offsetX, event.offsetY];
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, at(event));
      if (fingers.size === 1) dragged = 0;
    });
    canvas.addEventListener("pointermove", (event) => {
      const [x, y] = at(event);
      const before = fingers.get(event.pointerId);
      if (!before) {
        point(map.at(x, y), x, y);
        return;
      }
      dragged += Math.abs(x - before[0]) + Math.abs(y - before[1]);
      if (dragged < 5) return;
      point(null);
      // One finger scrolls the page; two move the map.
      if (event.pointerType === "touch" && fingers.size < 2) return;
      if (fingers.size === 2) {
        const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
        const apart = (place) => Math.hypot(place[0] - other[0], place[1] - other[1]);
        map.zoom(apart([x, y]) / Math.max(apart(before), 1), (x + other[0]) / 2, (y + other[1]) / 2);
      }
      map.pan((before[0] - x) / fingers.size, (before[1] - y) / fingers.size);
      fingers.set(event.pointerId, [x, y]);
    });
    canvas.addEventListener("pointerup", (event) => {
      const isTap = dragged < 5 && fingers.size === 1;
      fingers.delete(event.pointerId);
      if (!isTap) return;
      const [x, y] = at(event);
      const reach = event.pointerType === "touch" ? REACH_OF_A_FINGER : REACH;
      const area = map.at(x, y, reach);
      if (map.stacked(x, y, reach)) map.zoom(3, x, y);
      else if (area !== null) map.onOpen(area);
    });
    canvas.addEventListener("pointercancel", (event) => fingers.delete(event.pointerId));
    canvas.addEventListener("pointerleave", () => point(null));
    canvas.addEventListener("touchmove", (event) => event.touches.length > 1 && event.preventDefault(), { passive: false });
    for (const name of ["focus", "blur"]) canvas.addEventListener(name, map.draw);
    canvas.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        map.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...at(event));
      },
      { passive: false },
    );
    const inMiddle = () => map.at(width() / 2, height() / 2);
    const moves = {
      Enter: () => inMiddle() !== null && map.onOpen(inMiddle()),
      ArrowLeft: () => map.pan(-80, 0),
      ArrowRight: () => map.pan(80, 0),
      ArrowUp: () => map.pan(0, -80),
      ArrowDown: () => map.pan(0, 80),
      "+": () => map.zoom(1.5),
      "=": () => map.zoom(1.5),
      "-": () => map.zoom(1 / 1.5),
      0: map.home,
    };
    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in moves)) return;
      event.preventDefault();
      moves[event.key]();
      const area = inMiddle();
      point(area, width() / 2, height() / 2);
      byId("map-status").textContent =
        area === null ? "" : `${titleOf(area)}, ${ladOf(area)[1]}, ${CLASSES[model.classOf[area]].label}. Enter opens it.`;
    });
    for (const button of byId("map-buttons").querySelectorAll("button")) {
      button.addEventListener("click", moves[button.value]);
    }
    new ResizeObserver(map.draw).observe(canvas);
  }

  let styles = {};
  map.restyle = () => (styles = {});
  const style = (name) =>
    (styles[name] ??= getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  map.colour = style;

  // Once all else is there: the map is of use without its names.
  map.name = () => {
    if (!map.ready) return;
    names = namesOnMap(areas, map.hasShape);
    map.draw();
  };

  map.start = ({ document: said, column }) => {
    unit = said.unit;
    canvas = byId("map");
    context = canvas.getContext("2d");
    tip = byId("map-tip");
    areas = readRings(column, "area");
    Object.assign(areas, boxesOf(areas, model.count));
    const outlines = readRings(column, "lad");
    land = new Path2D();
    for (let shape = 0; shape < outlines.first.length - 1; shape += 1) trace(land, outlines, shape);
    map.ready = true;
    const shaped = allAreas().filter(map.hasShape);
    if (!shaped.length) {
      byId("map-box").hidden = true;
      map.ready = false;
      return;
    }
    home = extent(shaped);
    const sides = shaped.map((area) => areas.east[area] - areas.west[area]).sort((a, b) => a - b);
    typical = sides[sides.length >> 1];
    fit(home, 0.96);
    listen();
  };
})();
