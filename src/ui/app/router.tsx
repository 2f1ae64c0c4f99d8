/** @file Addresses of pages. What a page shows is in its address, so every view can be sent to someone. */
import { createRootRoute, createRoute, createRouter, redirect } from "@tanstack/react-router";
import { type CurveSearch, curveSearch } from "./curves.ts";
import { NoPage } from "./parts/states.tsx";
import { AblationView } from "./pages/ablation.tsx";
import { CompareView } from "./pages/compare.tsx";
import { ExperimentsView } from "./pages/experiments.tsx";
import { ModalitiesView } from "./pages/modalities.tsx";
import { RunView } from "./pages/run.tsx";
import { RunsView } from "./pages/runs.tsx";
import { Shell } from "./shell.tsx";

const root = createRootRoute({ component: Shell, notFoundComponent: NoPage });

const index = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/ui" });
  },
});
const experiments = createRoute({
  getParentRoute: () => root,
  path: "/ui",
  component: ExperimentsView,
});
const experiment = createRoute({
  getParentRoute: () => root,
  path: "/ui/$experiment/",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/ui/$experiment/ablation", params });
  },
});
const ablation = createRoute({
  getParentRoute: () => root,
  path: "/ui/$experiment/ablation",
  component: AblationView,
  validateSearch: (search: Record<string, unknown>): { level?: Level } =>
    isLevel(search["level"]) ? { level: search["level"] } : {},
});
const modalities = createRoute({
  getParentRoute: () => root,
  path: "/ui/$experiment/modalities",
  component: ModalitiesView,
  validateSearch: (search: Record<string, unknown>): ModalitySearch => ({
    ...text(search, "task"),
    ...text(search, "configuration"),
    ...text(search, "before"),
    ...(Number.isInteger(search["from"]) && Number(search["from"]) > 0
      ? { from: Number(search["from"]) }
      : {}),
  }),
});
const runs = createRoute({
  getParentRoute: () => root,
  path: "/ui/$experiment/runs",
  component: RunsView,
  validateSearch: (search: Record<string, unknown>): RunsSearch => ({
    ...text(search, "filter"),
    ...text(search, "sort"),
    ...text(search, "columns"),
    ...text(search, "group"),
    ...text(search, "pinned"),
    ...(search["lifecycle"] === "deleted" ? { lifecycle: "deleted" as const } : {}),
  }),
});
const compare = createRoute({
  getParentRoute: () => root,
  path: "/ui/$experiment/compare",
  component: CompareView,
  validateSearch: (search: Record<string, unknown>): CompareSearch => ({
    ...text(search, "runs"),
    ...text(search, "filter"),
    ...text(search, "metric"),
    ...text(search, "score"),
    ...text(search, "x"),
    ...text(search, "y"),
    ...text(search, "lines"),
    ...text(search, "against"),
    ...curveSearch(search),
  }),
});
const run = createRoute({
  getParentRoute: () => root,
  path: "/ui/run/$id",
  component: RunView,
  validateSearch: curveSearch,
});

export type Level = "modalities" | "metaTasks" | "datasets";
export type ModalitySearch = {
  task?: string;
  configuration?: string;
  before?: string;
  from?: number;
};
/**
 * `metric` of the curves, a line for each value of the setting `lines`; `score` over the settings `x` and,
 * for a contour, `y`.
 */
export type CompareSearch = CurveSearch & {
  /** Ids with commas between, or what `encodeRuns` writes. */
  runs?: string;
  filter?: string;
  metric?: string;
  lines?: string | undefined;
  /** The configuration that the others are compared with. */
  against?: string;
  score?: string;
  x?: string;
  y?: string | undefined;
};
/**
 * `sort`: a column, `-` before it for the largest first. `columns` and, of these, those `pinned` at the
 * left: separated by commas. `group`: a column.
 */
export type RunsSearch = {
  filter?: string;
  sort?: string;
  columns?: string;
  group?: string | undefined;
  pinned?: string;
  lifecycle?: "deleted" | undefined;
};

function isLevel(value: unknown): value is Level {
  return value === "modalities" || value === "metaTasks" || value === "datasets";
}

function text<K extends string>(
  search: Record<string, unknown>,
  key: K,
): Partial<Record<K, string>> {
  const value = search[key];
  return typeof value === "string" && value !== "" ? ({ [key]: value } as Record<K, string>) : {};
}

export const router = createRouter({
  routeTree: root.addChildren([
    index,
    experiments,
    experiment,
    ablation,
    modalities,
    runs,
    compare,
    run,
  ]),
  defaultPreload: false,
  notFoundMode: "root",
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
