/** @file MLflow's search language and a superset of it: OR, NOT, brackets, numeric params, RLIKE, groups. */
export { EXPERIMENTS } from "./attributes.ts";
export { filterSql, orderSql, type Vocabulary } from "./compile.ts";
export { checkQuery, findRuns, type RunQuery } from "./find.ts";
export { installRegexp } from "./regexp.ts";
export { RUNS } from "./runs.ts";
export { vocabularyOf } from "./attributes.ts";
