/** @file Public names of the plots: records in, figures, tables and reports out. All pure. */
export { ablationCsv, ablationTable } from "./ablation-table.ts";
export { metaTaskRadar, modalityBars, type Scored } from "./bars.ts";
export { DARK, faded, PALETTE, type Style, styleOf, stylesOf } from "./colours.ts";
export { duplicatesSlope, ladderGains, maskQuality } from "./controls.ts";
export { learningCurves, tauCurves } from "./curves.ts";
export { deltaForest, deltaHeatmap, effectForest } from "./deltas.ts";
export { type Figure, type Layout, PLOTLY_CONFIG, type Trace } from "./figure.ts";
export { findingsOf, gridFindings } from "./findings.ts";
export { type ModalityLabel, modalitiesOf } from "./levels.ts";
export { reportHtml, type ReportHtmlOptions } from "./report.ts";
export { reportJson, reportLatex, reportMarkdown } from "./report-text.ts";
export { type Block, type Section, sectionsOf } from "./sections.ts";
export { type Band, bandOf, everyNth, smooth, tInterval } from "./series.ts";
export { lossBarrier, soupLadder } from "./soup.ts";
export {
  type Importance,
  importances,
  settingNumber,
  sweepContour,
  type SweepRun,
  sweepScatter,
  varying,
} from "./sweep.ts";
export {
  type Cell,
  type Table,
  type TableColumn,
  tableCsv,
  tableHtml,
  tableLatex,
  tableMarkdown,
  type TableRow,
} from "./table.ts";
export {
  baselineTable,
  datasetTable,
  duplicatesTable,
  effectTable,
  ladderTable,
  maskTable,
  soupTable,
} from "./tables.ts";
export type {
  AblationRow,
  AblationTable,
  BarrierLine,
  BaselineRow,
  ByLevel,
  CurveChart,
  CurveGroup,
  DatasetInfo,
  Delta,
  DuplicatesControl,
  Effect,
  Estimate,
  Finding,
  GalleryItem,
  LadderRow,
  MaskPoint,
  Media,
  PaperScores,
  QueryChange,
  QueryPage,
  Report,
  Reproduction,
  Series,
  SoupRow,
  TauChart,
} from "./types.ts";
