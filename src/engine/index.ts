/**
 * @module engine
 *
 * Tensors as values of a graph, operations with their gradients, AdamW as graph nodes, an ONNX
 * writer, and executors that run the whole training step as one ONNX graph.
 */
export type { DType, Shape, State, Tensor, TensorData } from "./tensor.ts";
export { sameShape, scalar, showShape, sizeOf, tensor, zeros } from "./tensor.ts";
export { decodeFloat16, encodeBfloat16, encodeFloat16 } from "./halves.ts";
export { Graph, Value } from "./graph.ts";
export { gradients } from "./gradients.ts";
export type {
  Differentiated,
  ValueAndGradientOptions,
  ValueAndGradients,
} from "./differentiate.ts";
export { valueAndGradient } from "./differentiate.ts";
export { recompute } from "./recompute.ts";

export type { Operand } from "./ops/emit.ts";
export { add, div, maximum, minimum, mul, neg, sub } from "./ops/arithmetic.ts";
export type { GeluOptions } from "./ops/math.ts";
export {
  abs,
  cast,
  clamp,
  erf,
  exp,
  gelu,
  log,
  quickGelu,
  reciprocal,
  relu,
  sigmoid,
  sign,
  silu,
  sqrt,
  square,
  stopGradient,
  tanh,
} from "./ops/math.ts";
export {
  and,
  equal,
  greater,
  greaterOrEqual,
  less,
  lessOrEqual,
  not,
  or,
  where,
} from "./ops/logic.ts";
export type { AxisOptions, ReduceOptions } from "./ops/reduce.ts";
export { logSoftmax, logSumExp, max, mean, softmax, sum } from "./ops/reduce.ts";
export type { PadOptions, SliceOptions, SplitOptions } from "./ops/shape.ts";
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
export type { MatmulOptions } from "./ops/matmul.ts";
export type { LowRank } from "./ops/matmul.ts";
export { adaptedLinear, linear, matmul } from "./ops/matmul.ts";
export type { HalfLinearOptions, Quantized } from "./ops/frozen.ts";
export { halfLinear, quantize, quantizedLinear } from "./ops/frozen.ts";
export { gather } from "./ops/gather.ts";
export type { L2Options, NormOptions } from "./ops/norm.ts";
export { l2Normalize, layerNorm, rmsNorm } from "./ops/norm.ts";
export type { AttentionOptions } from "./ops/attention.ts";
export { attention } from "./ops/attention.ts";
export { rotary } from "./ops/rotary.ts";
export { patchEmbed } from "./ops/patch.ts";
export type { DropoutOptions } from "./ops/dropout.ts";
export { dropout } from "./ops/dropout.ts";

export type { Explanation } from "./explain.ts";
export { explain } from "./explain.ts";
export type { Profile } from "./profile/profile.ts";
export type { Phase, ProfiledNode } from "./profile/types.ts";

export { writeOnnx } from "./onnx/write.ts";
export * as onnx from "./onnx/index.ts";

export type { Executor, ExecutorName, Inventory, Tensors } from "./executor/types.ts";
export { EXECUTOR_NAMES } from "./executor/types.ts";
export type { ExecutorOptions } from "./executor/index.ts";
export { openvinoFile } from "./executor/openvino/find.ts";
export { createExecutor } from "./executor/index.ts";

export { interpret } from "./executor/reference/device.ts";

export type { AdamOptions, ParameterGroup } from "./adamw.ts";
export { firstMoment, secondMoment } from "./adamw.ts";
export { STEP } from "./counts.ts";
export type { LossScalingOptions } from "./loss-scale.ts";
export type { Program, TrainProgram, TrainProgramOptions } from "./program.ts";
export { forwardProgram, trainProgram } from "./program.ts";
export type { MicroBatch, StepOptions, SumRun, TrainerOptions } from "./trainer.ts";
export { Trainer } from "./trainer.ts";
export { NonFiniteError } from "./diagnose.ts";
export type { EvaluatorOptions } from "./evaluator.ts";
export { Evaluator } from "./evaluator.ts";
export type { ScheduleOptions } from "./schedule.ts";
export { schedule } from "./schedule.ts";
export type { RandomState } from "./random.ts";
export { Random } from "./random.ts";
