/** @file OpenVINO's C interface, as much of it as an executor needs. */
import type { DType } from "../../tensor.ts";
import { openvinoFile } from "./find.ts";

/** A pointer that the library gave out and wants back. */
export type Handle = bigint;

/** What the library tells of a node's last run. */
export type NodeRecord = {
  /** Microseconds. */
  readonly realTime: number | bigint;
  readonly name: string;
  readonly kernel: string;
  readonly type: string;
};

export type OpenvinoLibrary = {
  readonly version: string;
  /** A model compiled for the CPU, from an ONNX file's bytes. */
  compile(model: Uint8Array, properties: Readonly<Record<string, string>>): Handle;
  request(compiled: Handle): Handle;
  /** A tensor over `data`, whose memory stays JavaScript's and must outlive it. */
  tensor(dtype: DType, shape: readonly number[], data: ArrayBufferView): Handle;
  setInput(request: Handle, index: number, tensor: Handle): void;
  setOutput(request: Handle, index: number, tensor: Handle): void;
  infer(request: Handle): void;
  times(request: Handle): readonly NodeRecord[];
  readonly free: Readonly<Record<"compiled" | "request" | "tensor", (handle: Handle) => void>>;
  close(): void;
};

/** ov_element_type_e since OpenVINO 2025. */
const ELEMENT: Readonly<Record<DType, number>> = {
  bool: 1,
  float16: 3,
  float32: 4,
  int8: 8,
  int32: 9,
  int64: 10,
  uint8: 16,
};

/** @throws Error if there is no such library, or none that loads. */
export async function openLibrary(): Promise<OpenvinoLibrary> {
  const file = openvinoFile();
  const { default: koffi } = await import("koffi");
  const library = koffi.load(file);
  const shape = koffi.struct({ rank: "int64_t", dims: "int64_t *" });
  const version = koffi.struct({ number: "str", description: "str" });
  const record = koffi.struct({
    status: "int",
    realTime: "int64_t",
    cpuTime: "int64_t",
    name: "str",
    kernel: "str",
    type: "str",
  });
  const records = koffi.struct({ first: "void *", size: "size_t" });

  const lastMessage = library.func("str ov_get_last_err_msg()") as unknown as () => string | null;
  type Types = (string | ReturnType<typeof koffi.out> | typeof shape)[];
  /** A call whose status 0 is success. */
  const call = (name: string, types: Types): ((...args: readonly unknown[]) => void) => {
    const own = library.func(name, "int", types) as (...args: readonly unknown[]) => number;
    return (...args) => {
      const status = own(...args);
      if (status !== 0)
        throw new Error(`${name}: ${reasonIn(lastMessage()) ?? `status ${status}`}`);
    };
  };
  const freeing = (name: string): ((handle: Handle) => void) =>
    library.func(name, "void", ["void *"]) as (handle: Handle) => void;
  const [handle, out] = ["void *", koffi.out("void **")];

  const readModel = call("ov_core_read_model_from_memory_buffer", [
    handle,
    handle,
    "size_t",
    handle,
    out,
  ]);
  const compile = call("ov_core_compile_model", [handle, handle, "str", "size_t", out, "..."]);
  const request = call("ov_compiled_model_create_infer_request", [handle, out]);
  const tensor = call("ov_tensor_create_from_host_ptr", ["uint32_t", shape, handle, out]);
  const profile = call("ov_infer_request_get_profiling_info", [
    handle,
    koffi.out(koffi.pointer(records)),
  ]);
  const freeRecords = library.func("ov_profiling_info_list_free", "void", [koffi.pointer(records)]);
  const freeModel = freeing("ov_model_free");
  const freeCore = freeing("ov_core_free");
  const setInput = call("ov_infer_request_set_input_tensor_by_index", [handle, "size_t", handle]);
  const setOutput = call("ov_infer_request_set_output_tensor_by_index", [handle, "size_t", handle]);
  const told = { number: "" };
  call("ov_get_openvino_version", [koffi.out(koffi.pointer(version))])(told);
  const core = made(call("ov_core_create", [out]));

  return {
    version: told.number.split("-")[0]!,
    compile(model, properties) {
      const read = made((slot) => readModel(core, model, model.byteLength, null, slot));
      const pairs = Object.entries(properties).flat();
      try {
        const texts = pairs.flatMap((text) => ["str", text]);
        return made((slot) => compile(core, read, "CPU", pairs.length, slot, ...texts));
      } finally {
        freeModel(read);
      }
    },
    request: (compiled) => made((slot) => request(compiled, slot)),
    tensor: (dtype, dims, data) =>
      made((slot) => tensor(ELEMENT[dtype], { rank: dims.length, dims }, data, slot)),
    setInput,
    setOutput,
    infer: call("ov_infer_request_infer", [handle]),
    times(of) {
      const found = { first: null as unknown, size: 0 };
      profile(of, found);
      const all = koffi.decode(found.first, record, found.size) as NodeRecord[];
      freeRecords(found);
      return all;
    },
    free: {
      compiled: freeing("ov_compiled_model_free"),
      request: freeing("ov_infer_request_free"),
      tensor: freeing("ov_tensor_free"),
    },
    close: () => freeCore(core),
  };
}

/** What a call writes through its outgoing argument. */
function made(create: (slot: [Handle | null]) => void): Handle {
  const slot: [Handle | null] = [null];
  create(slot);
  return slot[0]!;
}

/** Of an exception's text, which begins with places in the library's sources, the last line that says something. */
function reasonIn(message: string | null): string | undefined {
  return message
    ?.split("\n")
    .map((line) => line.trim())
    .findLast((line) => line !== "");
}
