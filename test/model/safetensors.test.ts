import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tensor } from "../../src/engine/index.ts";
import type { State, Tensor } from "../../src/engine/index.ts";
import { loadEncoder } from "../../src/model/checkpoint.ts";
import { encoderParameters } from "../../src/model/parameters.ts";
import { initParameters } from "../../src/model/init.ts";
import { preset } from "../../src/model/presets.ts";
import { decodeFloat16, encodeBfloat16, encodeFloat16 } from "../../src/engine/halves.ts";
import {
  decodeSafetensors,
  openCheckpoint,
  openSafetensors,
  readSafetensors,
} from "../../src/model/safetensors/read.ts";
import { encodeSafetensors, writeSafetensors } from "../../src/model/safetensors/write.ts";

const folder = () => mkdtempSync(join(tmpdir(), "safetensors-"));
const bytesOf = (state: State, options = {}) => Buffer.concat(encodeSafetensors(state, options));

/** A file from a raw header, for what the writer would never write. */
function raw(header: string, data = new Uint8Array(0)): Uint8Array {
  const json = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

const anyTensor: fc.Arbitrary<Tensor> = fc
  .tuple(fc.array(fc.nat(4), { maxLength: 3 }), fc.constantFrom("float32", "int64", "bool"))
  .chain(([shape, dtype]) => {
    const size = shape.reduce((product, n) => product * n, 1);
    const fixed = { minLength: size, maxLength: size };
    if (dtype === "float32") {
      return fc.array(fc.float(), fixed).map((data) => tensor(Float32Array.from(data), shape));
    }
    if (dtype === "int64") {
      const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
      return fc.array(int64, fixed).map((data) => tensor(BigInt64Array.from(data), shape, "int64"));
    }
    return fc.array(fc.nat(1), fixed).map((data) => tensor(Uint8Array.from(data), shape, "bool"));
  });
const name = fc
  .string({ minLength: 1 })
  .filter((text) => text !== "__metadata__" && text !== "__proto__");
const anyState = fc.array(fc.tuple(name, anyTensor)).map((entries): State => new Map(entries));

test("what is written is read back, to the bit", () => {
  fc.assert(
    fc.property(anyState, (state) => {
      expect(decodeSafetensors(bytesOf(state))).toEqual(state);
    }),
  );
});

test("data starts at a multiple of 8 whatever the names", () => {
  fc.assert(
    fc.property(anyState, (state) => {
      expect(encodeSafetensors(state)[0]!.length % 8).toBe(0);
    }),
  );
});

test("a file cut anywhere or with one header byte changed never gives another state silently", () => {
  const state: State = new Map([["w", tensor([1, 2, 3, 4], [2, 2])]]);
  const bytes = bytesOf(state);
  for (let end = 0; end < bytes.length; end++) {
    expect(() => decodeSafetensors(bytes.subarray(0, end)), `cut at ${end}`).toThrow();
  }
});

describe("16-bit floats", () => {
  // numpy 2.4.6: np.float16(x).view(np.uint16); bfloat16 by torch 2.15.0
  test.each([
    [1, 0x3c00, 0x3f80],
    [-2.5, 0xc100, 0xc020],
    [0.1, 0x2e66, 0x3dcd],
    [65504, 0x7bff, 0x4780],
    [65520, 0x7c00, 0x4780],
    [6e-8, 0x0001, 0x3381],
    [1e-5, 0x00a8, 0x3728],
    [-0, 0x8000, 0x8000],
    [Infinity, 0x7c00, 0x7f80],
    [2049, 0x6800, 0x4500],
    [2051, 0x6802, 0x4500],
  ])("%f", (value, half, brain) => {
    expect(encodeFloat16(value)).toBe(half);
    expect(encodeBfloat16(value)).toBe(brain);
  });

  test("every float16 survives", () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = decodeFloat16(bits);
      if (!Number.isNaN(value)) expect(encodeFloat16(value)).toBe(bits);
    }
    expect(decodeFloat16(encodeFloat16(NaN))).toBeNaN();
  });

  test.each([
    ["F16", 2 ** -11],
    ["BF16", 2 ** -8],
  ] as const)("%s keeps its share of the digits", (floatType, rtol) => {
    const values = Float32Array.from(
      { length: 500 },
      (_, i) => Math.exp(i / 60) * (i % 2 ? 1 : -1),
    );
    const back = decodeSafetensors(bytesOf(new Map([["w", tensor(values, [500])]]), { floatType }));
    expect(back.get("w")!.data as Float32Array).toBeAllclose(values, { rtol });
    expect(back.get("w")!.data).not.toEqual(values);
  });
});

test("types only others write are read", () => {
  const data = new Uint8Array(8 + 4 + 2 + 1 + 1);
  const view = new DataView(data.buffer);
  view.setFloat64(0, Math.PI, true);
  view.setInt32(8, -7, true);
  view.setInt16(12, -300, true);
  view.setInt8(14, -5);
  view.setUint8(15, 200);
  const header = {
    a: { dtype: "F64", shape: [1], data_offsets: [0, 8] },
    b: { dtype: "I32", shape: [1], data_offsets: [8, 12] },
    c: { dtype: "I16", shape: [], data_offsets: [12, 14] },
    d: { dtype: "I8", shape: [1], data_offsets: [14, 15] },
    e: { dtype: "U8", shape: [1, 1], data_offsets: [15, 16] },
  };
  const state = decodeSafetensors(raw(JSON.stringify(header), data));
  expect([...state.values()].map((value) => Number(value.data[0]))).toEqual([
    Math.fround(Math.PI),
    -7,
    -300,
    -5,
    200,
  ]);
});

describe("headers that lie are refused, saying how", () => {
  const entry = (change: object) =>
    JSON.stringify({ w: { dtype: "F32", shape: [2], data_offsets: [0, 8], ...change } });
  test.each([
    [new Uint8Array(3), "x: 3 bytes are no safetensors file"],
    [raw("{}").subarray(0, 9), "x: header of 2 bytes does not fit a file of 9"],
    [Buffer.alloc(8, 0xff), "does not fit a file of 8 (limit 100000000)"],
    [raw("{"), "x: header is no JSON"],
    [raw("[]"), "x: header is no JSON object"],
    [raw('{"w":null}'), "x: tensor w: dtype undefined is none of F64, F32"],
    [raw(entry({ dtype: "F8" })), 'x: tensor w: dtype "F8" is none of'],
    [raw(entry({ dtype: "toString" })), 'x: tensor w: dtype "toString" is none of'],
    [raw(entry({ shape: [-2] })), "x: tensor w: shape [-2] is no list of sizes"],
    [raw(entry({ data_offsets: [0] })), "x: tensor w: data_offsets [0] are no [begin,end]"],
    [raw(entry({ shape: [3] })), "x: tensor w: F32 [3] takes 12 bytes, data_offsets [0,8] give 8"],
    [raw(entry({ data_offsets: [8, 16] })), "x: tensor w begins at 8, the one before ends at 0"],
    [raw(entry({}), new Uint8Array(9)), "x: tensors end at 8, the file holds 9 bytes of data"],
    [raw('{"__metadata__":{"a":1}}'), "x: __metadata__ must map names to strings"],
  ])("%#", (bytes, message) => {
    expect(() => decodeSafetensors(bytes, "x")).toThrow(message);
  });

  test("overlapping tensors", () => {
    const two = JSON.stringify({
      a: { dtype: "U8", shape: [4], data_offsets: [0, 4] },
      b: { dtype: "U8", shape: [4], data_offsets: [2, 6] },
    });
    expect(() => decodeSafetensors(raw(two, new Uint8Array(6)), "x")).toThrow(
      "x: tensor b begins at 2, the one before ends at 4",
    );
  });
});

describe("files", () => {
  const state: State = new Map([
    ["a", tensor([1, 2], [2])],
    ["b", tensor([3], [1])],
  ]);

  test("metadata and single tensors can be read without the rest", () => {
    const path = join(folder(), "m.safetensors");
    writeSafetensors(path, state, { metadata: { step: "12" } });
    const source = openSafetensors(path);
    expect(source.metadata).toEqual({ step: "12" });
    expect(source.read("b")).toEqual(state.get("b"));
    expect(() => source.read("c")).toThrow(`${path} has no tensor c`);
    source.close();
  });

  test("a write that fails leaves the old file and nothing beside it", () => {
    const at = folder();
    const path = join(at, "m.safetensors");
    writeSafetensors(path, state);
    const before = readFileSync(path);
    expect(() => writeSafetensors(path, new Map([["__metadata__", tensor([1], [1])]]))).toThrow(
      `writing ${path}: encodeSafetensors: a tensor cannot be named __metadata__`,
    );
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(at)).toEqual(["m.safetensors"]);
    expect(existsSync(join(at, "none"))).toBe(false);
  });

  test("shards are found through their index, from the folder or the index itself", () => {
    const at = folder();
    writeSafetensors(join(at, "1.safetensors"), new Map([["a", state.get("a")!]]));
    writeSafetensors(join(at, "2.safetensors"), new Map([["b", state.get("b")!]]));
    const index = join(at, "model.safetensors.index.json");
    writeFileSync(
      index,
      JSON.stringify({ weight_map: { a: "1.safetensors", b: "2.safetensors" } }),
    );
    expect(readSafetensors(at)).toEqual(state);
    expect(readSafetensors(index)).toEqual(state);
    expect(() => openCheckpoint(at).read("c")).toThrow(`${index} has no tensor c`);
  });

  test("an index cannot lead out of its folder", () => {
    const index = join(folder(), "model.safetensors.index.json");
    writeFileSync(index, JSON.stringify({ weight_map: { a: "../secret.safetensors" } }));
    expect(() => openCheckpoint(index)).toThrow("a lies outside the folder: ../secret.safetensors");
    writeFileSync(index, JSON.stringify({ weight_map: ["a"] }));
    expect(() => openCheckpoint(index).read("x")).toThrow();
    writeFileSync(index, JSON.stringify({}));
    expect(() => openCheckpoint(index)).toThrow("weight_map must map tensor names to file names");
  });

  test("a folder without a model says what it looked for", () => {
    const at = join(folder(), "empty");
    mkdirSync(at);
    expect(() => openCheckpoint(at)).toThrow(
      `${at}: neither model.safetensors nor model.safetensors.index.json is there`,
    );
  });
});

describe("loading an encoder", () => {
  const config = preset("tiny");
  const load = (state: State) => {
    const path = join(folder(), "m.safetensors");
    writeSafetensors(path, state);
    return loadEncoder(openSafetensors(path), config);
  };

  test("takes what it needs under older and newer names", () => {
    const state = initParameters(config, 0);
    const newer: State = new Map(
      [...state].map(([key, value]) => [
        key.startsWith("visual.") ? `model.${key}` : key.replace("model.", "model.language_model."),
        value,
      ]),
    );
    newer.set("lm_head.weight", tensor([1], [1]));
    expect(load(newer)).toEqual(state);
    expect(load(state)).toEqual(state);
  });

  test("names everything missing or misshapen", () => {
    const state = initParameters(config, 0);
    state.delete("model.norm.weight");
    state.set("visual.merger.ln_q.bias", tensor([1], [1]));
    expect(() => load(state)).toThrow(
      "loading tiny: visual.merger.ln_q.bias is [1], expected [16]; model.norm.weight is missing",
    );
    expect(() => load(new Map())).toThrow(`and ${encoderParameters(config).size - 10} more`);
  });
});
