/** @file Element types as ONNX numbers them. */
import type { DType } from "../tensor.ts";

/** TensorProto.DataType */
export const ONNX_TYPE: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
};
