/** @file The connection file that a front end writes: where to listen and how to sign. */
import { readFileSync } from "node:fs";

export type Connection = {
  readonly transport: "tcp" | "ipc";
  readonly ip: string;
  readonly key: string;
  readonly signature_scheme: string;
  readonly shell_port: number;
  readonly iopub_port: number;
  readonly stdin_port: number;
  readonly control_port: number;
  readonly hb_port: number;
};

const PORTS = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"] as const;

/** Reads a connection file, naming the field that is wrong. */
export function readConnection(file: string): Connection {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  } catch (error) {
    throw new Error(`connection file ${file}: can't be read as JSON`, { cause: error });
  }
  const wrong = (field: string, expected: string): Error =>
    new Error(
      `connection file ${file}: ${field} must be ${expected}, got ${JSON.stringify(value[field])}`,
    );
  for (const port of PORTS) {
    const number = value[port];
    if (!Number.isInteger(number) || (number as number) < 0 || (number as number) > 65535) {
      throw wrong(port, "a port number");
    }
  }
  const { transport = "tcp", ip = "127.0.0.1", key = "" } = value;
  if (transport !== "tcp" && transport !== "ipc") throw wrong("transport", `"tcp" or "ipc"`);
  if (typeof ip !== "string" || ip === "") throw wrong("ip", "an address");
  if (typeof key !== "string") throw wrong("key", "a string");
  const scheme = value["signature_scheme"] ?? "hmac-sha256";
  if (typeof scheme !== "string") throw wrong("signature_scheme", "a string");
  return { ...value, transport, ip, key, signature_scheme: scheme } as Connection;
}

/** The zeromq address of one port, in the form of the file's transport. */
export function addressOf(connection: Connection, port: (typeof PORTS)[number]): string {
  const separator = connection.transport === "tcp" ? ":" : "-";
  return `${connection.transport}://${connection.ip}${separator}${connection[port]}`;
}
