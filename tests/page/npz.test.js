import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";

import { pack } from "../../assets/page/shared/npz.js";

/** The files of a zip without compression, by its directory. */
function files(bytes) {
  const view = new DataView(bytes.buffer);
  const end = bytes.length - 22;
  assert.equal(view.getUint32(end, true), 0x06054b50);
  const found = {};
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < view.getUint16(end + 10, true); i++) {
    assert.equal(view.getUint32(at, true), 0x02014b50);
    const [crc, size, length, start] = [view.getUint32(at + 16, true), view.getUint32(at + 24, true), view.getUint16(at + 28, true), view.getUint32(at + 42, true)];
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + length));
    const body = bytes.slice(start + 30 + length, start + 30 + length + size);
    if (crc32) assert.equal(crc32(body), crc);
    found[name] = body;
    at += 46 + length;
  }
  return found;
}

test("arrays come back with their shapes, words as they were", async () => {
  const values = Float32Array.of(1, 2.5, -3, 4, 5, 6);
  const blob = pack({ about: "café 🐈", map: { shape: [2, 3], values }, one: { shape: [6], values } });
  const found = files(new Uint8Array(await blob.arrayBuffer()));
  assert.deepEqual(Object.keys(found), ["about.npy", "map.npy", "one.npy"]);
  const header = new TextDecoder("latin1").decode(found["map.npy"].subarray(0, 128));
  assert.match(header, /NUMPY/);
  assert.match(header, /'descr': '<f4', 'fortran_order': False, 'shape': \(2, 3\)/);
  const start = 10 + new DataView(found["map.npy"].buffer).getUint16(8, true);
  assert.equal(start % 64, 0);
  assert.deepEqual(new Float32Array(found["map.npy"].slice(start).buffer), values);
  assert.match(new TextDecoder("latin1").decode(found["one.npy"]), /'shape': \(6,\)/);
  const words = found["about.npy"];
  const points = new Uint32Array(words.slice(10 + new DataView(words.buffer).getUint16(8, true)).buffer);
  assert.equal(String.fromCodePoint(...points), "café 🐈");
});
