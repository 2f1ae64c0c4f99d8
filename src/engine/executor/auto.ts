/** @file The first device that starts here. */
import type { Device, DeviceName } from "./types.ts";

/**
 * GPUs before the CPU, what was measured before what was not. Not among them is `webgpu`: where it
 * starts it may be a GPU or a slow imitation of one, and only the user knows.
 */
export const AUTO_ORDER: readonly DeviceName[] = ["cuda", "cpu", "wasm", "tfjs"];

const told = new Set<string>();

/** @throws Error with a line for each device, if none starts. */
export async function auto(
  open: (device: DeviceName) => Promise<Device>,
  report: (line: string) => void = onceOnStderr,
): Promise<Device> {
  const lines: string[] = [];
  for (const [i, device] of AUTO_ORDER.entries()) {
    try {
      return await open(device);
    } catch (error) {
      const next = AUTO_ORDER[i + 1];
      lines.push((error as Error).message);
      if (next !== undefined) report(`${lines.at(-1)}; trying ${next}`);
    }
  }
  throw new Error(`auto: no device starts here\n${lines.join("\n")}`);
}

function onceOnStderr(line: string): void {
  if (told.has(line)) return;
  told.add(line);
  process.stderr.write(`${line}\n`);
}
