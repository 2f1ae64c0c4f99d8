/** @file One line on a device that cannot start here, and what would help. */
import type { DeviceName } from "./types.ts";

const REMEDIES: Readonly<Record<DeviceName, string>> = {
  cpu: "the package onnxruntime-node: npm ci in the project's folder",
  openvino:
    "its package, by pip: npm run setup:openvino, or RZENLAB_OPENVINO set to the folder of its libraries",
  cuda: "Linux x64 with an NVIDIA driver, CUDA 12 and cuDNN 9; npm run setup:cuda fetches the provider",
  webgpu: "a driver for Vulkan (with its loader, libvulkan1), Metal or Direct3D 12",
  wasm: "the package onnxruntime-web: npm install onnxruntime-web@1.30.0",
  tfjs: "its packages: npm install @tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm, or @tensorflow/tfjs-node",
};

export function remedyFor(device: DeviceName): string {
  return REMEDIES[device];
}

/** The library's reason cut to its first sentence-like line, then the remedy. */
export function cannotStart(device: DeviceName, cause: Error): Error {
  const reason = cause.message
    .split("\n")[0]!
    .replace(/^\/onnxruntime_src\/.* was false\. /, "") // where in its sources, which helps nobody here
    .replace(/[\s.]+$/, "")
    .slice(0, 300);
  return new Error(`device ${device} cannot start: ${reason}; it needs ${remedyFor(device)}`, {
    cause,
  });
}
