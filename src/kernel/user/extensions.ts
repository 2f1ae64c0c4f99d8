/** @file Parts of the user process that plug into the core, run before the first cell. */
import { commsInCells } from "../comm/user-side.ts";
import { typesInCells } from "../types/user-side.ts";
import type { KernelHost } from "./host.ts";

export type UserExtension = (host: KernelHost) => void;

export const EXTENSIONS: readonly UserExtension[] = [typesInCells, commsInCells];
