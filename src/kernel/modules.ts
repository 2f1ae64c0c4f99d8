/**
 * @file Parts of the protocol that plug into the core, a line each.
 *
 * A module is a function from the kernel to its handlers, e.g. `(kernel) => ({ complete_request: { whileBusy: true,
 * handle: (context, { content }) => ... } })`. It may keep `kernel` to listen to `kernel.events` and to talk to the user
 * process (`kernel.user.send`, `kernel.onExtension`).
 */
import type { Handlers, KernelContext } from "./context.ts";
import { comm } from "./comm/module.ts";
import { debug } from "./debug/module.ts";
import { history } from "./history/module.ts";
import { types } from "./types/module.ts";

export type KernelModule = (kernel: KernelContext) => Handlers;

export const MODULES: readonly KernelModule[] = [(kernel) => history(kernel), types, comm, debug];
