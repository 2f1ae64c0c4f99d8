/** @file The parts of the ONNX writer, for those who write graphs that `Graph` can't hold. */
export type { Attributes } from "../graph.ts";
export { ONNX_TYPE } from "./element.ts";
export { Message } from "./protobuf.ts";
export {
  externalTensorMessage,
  modelBytes,
  nodeMessage,
  tensorMessage,
  valueInfo,
} from "./write.ts";
