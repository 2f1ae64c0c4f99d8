import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addressOf, readConnection } from "../../../src/kernel/protocol/connection.ts";
import { Wire } from "../../../src/kernel/protocol/wire.ts";

const signed = (wire: Wire, header: object = {}): Buffer[] => {
  const message = wire.message("kernel_info_request", {}, {});
  return wire.encode({ ...message, header: { ...message.header, ...header } });
};

test("a message that one key signed is read with the same key, once", () => {
  const [sender, receiver] = [new Wire("key"), new Wire("key")];
  const frames = signed(sender);
  expect(receiver.decode(frames).header.msg_type).toBe("kernel_info_request");
  expect(() => receiver.decode(frames)).toThrow("signature was used before");
  expect(() => new Wire("other").decode(signed(sender))).toThrow("signature does not match");
  expect(() => receiver.decode(signed(sender, { msg_id: 3 }))).toThrow(
    "header.msg_id must be a string, got 3",
  );
});

test("what is no message is refused with what is missing", () => {
  const wire = new Wire("key");
  const frames = signed(wire);
  expect(() => wire.decode(frames.slice(1))).toThrow("no <IDS|MSG> frame among 5");
  expect(() => wire.decode(frames.slice(0, 3))).toThrow(
    "expected a signature and 4 parts after <IDS|MSG>, got 2 frames",
  );
  // Without a key nothing is signed.
  const open = new Wire("");
  const unsigned = signed(open);
  expect(open.decode(unsigned).header.msg_type).toBe("kernel_info_request");
  expect(() =>
    open.decode([...unsigned.slice(0, 2), Buffer.from("{"), ...unsigned.slice(3)]),
  ).toThrow("header is not JSON: ");
  expect(() => open.decode([...unsigned.slice(0, 5), Buffer.from("[]")])).toThrow(
    "content must be an object, got []",
  );
});

test("only HMAC-SHA256 signs", () => {
  expect(() => new Wire("key", "hmac-md5")).toThrow(
    'connection file: signature_scheme must be "hmac-sha256", got "hmac-md5"',
  );
});

test("a connection file is read, or the field that is wrong is named", () => {
  const folder = mkdtempSync(join(tmpdir(), "rzenlab-connection-"));
  const file = join(folder, "connection.json");
  const ports = { shell_port: 1, iopub_port: 2, stdin_port: 3, control_port: 4, hb_port: 65535 };
  const read = (content: object): ReturnType<typeof readConnection> => {
    writeFileSync(file, JSON.stringify(content));
    return readConnection(file);
  };
  expect(addressOf(read(ports), "hb_port")).toBe("tcp://127.0.0.1:65535");
  expect(addressOf(read({ ...ports, transport: "ipc", ip: "/tmp/k" }), "shell_port")).toBe(
    "ipc:///tmp/k-1",
  );
  for (const [wrong, expected] of [
    [{ shell_port: 65536 }, "shell_port must be a port number, got 65536"],
    [{ hb_port: "9" }, 'hb_port must be a port number, got "9"'],
    [{ transport: "udp" }, 'transport must be "tcp" or "ipc", got "udp"'],
    [{ ip: "" }, 'ip must be an address, got ""'],
    [{ key: 1 }, "key must be a string, got 1"],
    [{ signature_scheme: 2 }, "signature_scheme must be a string, got 2"],
  ] as const) {
    expect(() => read({ ...ports, ...wrong })).toThrow(`connection file ${file}: ${expected}`);
  }
  writeFileSync(file, "{");
  expect(() => readConnection(file)).toThrow(`connection file ${file}: can't be read as JSON`);
  rmSync(folder, { recursive: true });
});
