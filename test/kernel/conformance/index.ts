/** @file The suite: every behaviour that is claimed for the kernel, as cases that run against any kernel. */
import { cells } from "./cells.ts";
import { errors } from "./errors.ts";
import { imports, reload } from "./imports.ts";
import { interaction } from "./interaction.ts";
import { interrupts } from "./interrupt.ts";
import { output } from "./output.ts";
import { protocol, security } from "./protocol.ts";
import { histories, types } from "./services.ts";
import type { Group } from "./session.ts";

export const SUITE: readonly Group[] = [
  cells,
  imports,
  reload,
  output,
  errors,
  interrupts,
  types,
  histories,
  interaction,
  protocol,
  security,
];
