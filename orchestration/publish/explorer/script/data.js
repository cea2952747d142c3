// Reads what orchestration/publish/explorer/encode.py has packed.

function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

const unpack = (id) => unpackText(byId(id).textContent.trim());

async function unpackText(text) {
  const zipped = new Blob([bytesOf(text)]).stream();
  const stream = zipped.pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const start = 4 + new DataView(bytes.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, start)));
  const column = (name) => {
    if (!(name in header.columns)) return null;
    const [offset, count, width, alike] = header.columns[name];
    const numbers = new Int32Array(count);
    for (let plane = 0; plane < width; plane += 1) {
      const from = start + offset + plane * count;
      for (let at = 0; at < count; at += 1) numbers[at] |= bytes[from + at] << (8 * plane);
    }
    if (alike) {
      let sum = 0;
      for (let at = 0; at < count; at += 1) {
        sum += (numbers[at] >>> 1) ^ -(numbers[at] & 1);
        numbers[at] = sum;
      }
    }
    return numbers;
  };
  return { document: header.document, column };
}

function namesOf(text) {
  let stem = "";
  return text.split("\n").map((line) => {
    const name = line.startsWith("\t") ? `${stem} ${line.slice(1)}` : line;
    stem = name.slice(0, name.lastIndexOf(" "));
    return name;
  });
}
