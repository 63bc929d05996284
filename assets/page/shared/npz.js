// Arrays → an .npz file, as numpy.load reads it: a zip, uncompressed, of .npy files.

const CRCS = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) crc = CRCS[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

// Little-endian fields: [bytes, value] each.
function fields(...pairs) {
  const view = new DataView(new ArrayBuffer(pairs.reduce((sum, [bytes]) => sum + bytes, 0)));
  pairs.reduce((at, [bytes, value]) => {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    return at + bytes;
  }, 0);
  return new Uint8Array(view.buffer);
}

function npy(kind, shape, bytes) {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  let header = `{'descr': '${kind}', 'fortran_order': False, 'shape': (${tuple}), }`;
  header = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + "\n";
  const magic = Uint8Array.of(0x93, ...new TextEncoder().encode("NUMPY"), 1, 0);
  return joined([magic, fields([2, header.length]), new TextEncoder().encode(header), bytes]);
}

function text(words) {
  const points = Uint32Array.from(words, (letter) => letter.codePointAt(0));
  return npy(`<U${points.length || 1}`, [], new Uint8Array((points.length ? points : new Uint32Array(1)).buffer));
}

function floats({ shape, values }) {
  return npy("<f4", shape, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

// {name: text or {shape, values}} → Blob
function pack(arrays) {
  const [files, directory] = [[], []];
  let offset = 0;
  for (const [name, array] of Object.entries(arrays)) {
    const body = typeof array === "string" ? text(array) : floats(array);
    const title = new TextEncoder().encode(`${name}.npy`);
    const common = [[2, 20], [2, 0], [2, 0], [2, 0], [2, 33], [4, crc32(body)], [4, body.length], [4, body.length]];
    const local = joined([fields([4, 0x04034b50], ...common, [2, title.length], [2, 0]), title, body]);
    const tail = [[2, title.length], [2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]];
    directory.push(fields([4, 0x02014b50], [2, 20], ...common, ...tail), title);
    files.push(local);
    offset += local.length;
  }
  const index = joined(directory);
  const count = files.length;
  const end = fields([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, index.length], [4, offset], [2, 0]);
  return new Blob([...files, index, end], { type: "application/zip" });
}

export { pack };
