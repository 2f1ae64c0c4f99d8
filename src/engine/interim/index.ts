/** @file The engine's public names. */
export { Graph, Value } from "./graph.ts";
export type { Attributes, Node } from "./graph.ts";
export { gradients } from "./gradients.ts";
export { tensor, sizeOf, sameShape } from "./tensor.ts";
export type { DType, Shape, Tensor, TensorData } from "./tensor.ts";
export {
  abs,
  add,
  div,
  erf,
  exp,
  gelu,
  log,
  mul,
  neg,
  quickGelu,
  reciprocal,
  relu,
  sigmoid,
  sign,
  silu,
  sqrt,
  square,
  stopGradient,
  sub,
  tanh,
  withGradient,
} from "./ops/elementwise.ts";
export type { Operand } from "./ops/elementwise.ts";
export {
  and,
  cast,
  clamp,
  equal,
  greater,
  greaterOrEqual,
  less,
  lessOrEqual,
  maximum,
  minimum,
  not,
  or,
  where,
} from "./ops/compare.ts";
export { logSumExp, max, mean, sum } from "./ops/reduce.ts";
export { logSoftmax, softmax } from "./ops/softmax.ts";
export { linear, matmul } from "./ops/matmul.ts";
export {
  concat,
  expand,
  pad,
  reshape,
  slice,
  split,
  squeeze,
  transpose,
  unsqueeze,
} from "./ops/shape.ts";
export { gather } from "./ops/gather.ts";
export { l2Normalize, layerNorm, rmsNorm } from "./ops/norm.ts";
export { attention, patchEmbed, rotary } from "./ops/attention.ts";
export type { AttentionInputs } from "./ops/attention.ts";
export { dropout, dropoutMask } from "./ops/dropout.ts";
export { firstMoment, secondMoment, STEP, trainProgram } from "./optimizer.ts";
export type { ParameterGroup, Program, State, TrainProgramOptions } from "./optimizer.ts";
export { schedule } from "./schedule.ts";
export type { ScheduleOptions } from "./schedule.ts";
export { Random } from "./random.ts";
export type { RandomState } from "./random.ts";
export { writeOnnx } from "./onnx/model.ts";
export { createExecutor } from "./execute/create.ts";
export type { ExecutorOptions } from "./execute/create.ts";
export type { Executor, ExecutorName, Feeds, Results } from "./execute/executor.ts";
export { interpret } from "./execute/reference.ts";
export { NonFiniteError, Trainer } from "./trainer.ts";
export type { StepOptions, TrainerOptions } from "./trainer.ts";
export { Evaluator } from "./evaluator.ts";
export type { EvaluatorOptions } from "./evaluator.ts";
