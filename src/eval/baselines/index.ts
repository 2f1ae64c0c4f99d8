/** @file Public names of the baselines that need no training loop. */
export { chanceLevel, chanceOfQuery } from "./chance.ts";
export type { ChanceMetric } from "./chance.ts";
export { gridOf, pixelFeatures, visualFeatures } from "./pixelfeatures.ts";
export type { Grid } from "./pixelfeatures.ts";
export { ItemFeatures } from "./itemfeatures.ts";
export type { FeatureSource } from "./itemfeatures.ts";
export { MatrixProducts } from "./products.ts";
export { ridgeProblem } from "./ridge.ts";
export type { RidgeProblem } from "./ridge.ts";
export { fitRidge } from "./pixelridge.ts";
export type { RidgeEmbeddings, RidgeFit, RidgeFitOptions } from "./pixelridge.ts";
