/** @file What the rest of RzenLab and users import from src/data. */
export { DataError, type DataErrorDetail } from "./error.ts";
export {
  listTasks,
  loadTasks,
  MediaDigests,
  readTask,
  writeTask,
  type BuiltTask,
  type Layout,
  type TaskFilter,
  type TaskInfo,
  type WriteTaskOptions,
} from "./formats/index.ts";
export type {
  DataKind,
  Domain,
  Item,
  MetaTask,
  Modality,
  Pixels,
  Query,
  Split,
  Task,
  TemperatureGroup,
} from "./types.ts";
