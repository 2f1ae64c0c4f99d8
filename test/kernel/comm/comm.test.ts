import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commMessage } from "../../../src/kernel/comm/messages.ts";
import { Client, type Json, type Received } from "../client.ts";

let kernel: Client;
beforeAll(async () => {
  kernel = await Client.start(tmpdir());
});
afterAll(() => kernel[Symbol.asyncDispose]());

const comms = (type: string): Received[] => kernel.messages.filter((m) => m.type === type);
const info = async (content: Json = {}): Promise<Json> =>
  (await kernel.request("comm_info_request", content)).reply["comms"];

test("a progress widget opens, is shown, moves, hears its front end and closes", async () => {
  const opened = await kernel.run(`
    const state = { _model_name: "FloatProgressModel", _model_module: "@jupyter-widgets/controls", value: 0, max: 3 };
    const bar = jupyter.comms.open("jupyter.widget", { state, buffer_paths: [] }, { metadata: { version: "2.1.0" } });
    bar.onMessage(({ data }) => {
      if (data.method === "request_state") bar.send({ method: "update", state, buffer_paths: [] });
    });
    display({ "application/vnd.jupyter.widget-view+json": { model_id: bar.id, version_major: 2, version_minor: 0 } }, { raw: true });
    for (let i = 1; i <= 3; i++) { state.value = i; bar.send({ method: "update", state: { value: i } }); }`);
  const open = opened.messages.find((m) => m.type === "comm_open")!;
  expect(open.content).toMatchObject({
    target_name: "jupyter.widget",
    data: { state: { value: 0 } },
  });
  expect(open.metadata).toEqual({ version: "2.1.0" });
  const id = open.content["comm_id"] as string;
  const view = opened.messages.find((m) => m.type === "display_data")!.content["data"];
  expect(view["application/vnd.jupyter.widget-view+json"].model_id).toBe(id);
  const values = opened.messages
    .filter((m) => m.type === "comm_msg")
    .map((m) => m.content["data"].state.value);
  expect(values).toEqual([1, 2, 3]);
  expect(await info()).toEqual({ [id]: { target_name: "jupyter.widget" } });
  expect(await info({ target_name: "other" })).toEqual({});

  const before = comms("comm_msg").length;
  await kernel.send("shell", "comm_msg", { comm_id: id, data: { method: "request_state" } });
  await kernel.until(() => comms("comm_msg").length > before);
  expect(comms("comm_msg").at(-1)!.content["data"]).toMatchObject({
    method: "update",
    state: { value: 3, max: 3 },
  });

  await kernel.run("bar.close()");
  expect(comms("comm_close").at(-1)!.content["comm_id"]).toBe(id);
  expect(await info()).toEqual({});
  expect((await kernel.run("bar.send({})")).error!["evalue"]).toBe(
    `comm: jupyter.widget ${id} is closed`,
  );
});

test("a front end opens a registered target; its messages are heard while a cell awaits", async () => {
  await kernel.run(`
    let stop = Promise.withResolvers();
    jupyter.comms.register("stop-button", (comm, { data }) => {
      comm.send({ hello: data.name });
      comm.onMessage(({ data }) => stop.resolve(data.why)).onClose(() => console.log("gone"));
    });`);
  await kernel.send("shell", "comm_open", {
    comm_id: "c1",
    target_name: "stop-button",
    data: { name: "Lab" },
  });
  await kernel.until(() => comms("comm_msg").some((m) => m.content["comm_id"] === "c1"));
  expect(comms("comm_msg").at(-1)!.content["data"]).toEqual({ hello: "Lab" });
  expect(await info({ target_name: "stop-button" })).toEqual({
    c1: { target_name: "stop-button" },
  });

  const id = await kernel.send("shell", "execute_request", { code: "await stop.promise" });
  await kernel.until(() =>
    kernel.messages.some((m) => m.parent === id && m.type === "execute_input"),
  );
  await kernel.send("shell", "comm_msg", { comm_id: "c1", data: { why: "enough" } });
  expect((await kernel.outcome(id)).result!["data"]["text/plain"]).toContain("enough");

  await kernel.send("shell", "comm_close", { comm_id: "c1", data: {} });
  await kernel.until(() => kernel.messages.some((m) => m.content["text"] === "gone\n"));
  expect(await info()).toEqual({});
});

test("a target that nobody registered is closed", async () => {
  await kernel.send("shell", "comm_open", { comm_id: "nobody", target_name: "unknown", data: {} });
  await kernel.until(() => comms("comm_close").some((m) => m.content["comm_id"] === "nobody"));
  expect(await info()).toEqual({});
});

test("comms of a process that is gone are closed", async () => {
  await kernel.run('jupyter.comms.open("jupyter.widget", {}, { id: "orphan" })');
  await kernel.run("process.exit(1)");
  await kernel.until(() => comms("comm_close").some((m) => m.content["comm_id"] === "orphan"));
  expect(await info()).toEqual({});
});

test("wrong fields of a comm message are named", () => {
  expect(() => commMessage("comm_msg", {}, {}, [])).toThrow(
    "comm_msg: comm_id must be a string, got undefined",
  );
  expect(() => commMessage("comm_open", { comm_id: "a" }, {}, [])).toThrow(
    "comm_open: target_name must be a string, got undefined",
  );
  expect(() => commMessage("comm_msg", { comm_id: "a", data: [1] }, {}, [])).toThrow(
    "comm_msg: data must be an object, got [1]",
  );
  const { buffers } = commMessage("comm_msg", { comm_id: "a" }, {}, [Buffer.from([1, 2])]);
  expect(buffers).toEqual(["AQI="]);
});
