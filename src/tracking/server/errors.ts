/** @file MLflow's errors: a code, its HTTP status, a message. */
import { StoreError, type StoreErrorCode } from "../error.ts";

const STATUS = {
  INVALID_PARAMETER_VALUE: 400,
  BAD_REQUEST: 400,
  INVALID_STATE: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  RESOURCE_DOES_NOT_EXIST: 404,
  ENDPOINT_NOT_FOUND: 404,
  RESOURCE_CONFLICT: 409,
  REQUEST_LIMIT_EXCEEDED: 429,
  INTERNAL_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  TEMPORARILY_UNAVAILABLE: 503,
} as const;

export type ErrorCode = keyof typeof STATUS;

/** What a client is told. */
export class ApiError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ApiError";
    this.code = code;
  }

  get status(): number {
    return STATUS[this.code];
  }
}

const OF_STORE: Readonly<Record<StoreErrorCode, ErrorCode>> = {
  NOT_FOUND: "RESOURCE_DOES_NOT_EXIST",
  EXISTS: "RESOURCE_ALREADY_EXISTS",
  INVALID: "INVALID_PARAMETER_VALUE",
  PARAM_CHANGED: "INVALID_PARAMETER_VALUE",
  DELETED: "INVALID_PARAMETER_VALUE",
  // Clients try these again for some minutes, which is what helps.
  BUSY: "TEMPORARILY_UNAVAILABLE",
  FULL: "TEMPORARILY_UNAVAILABLE",
  IO: "INTERNAL_ERROR",
  READ_ONLY: "INTERNAL_ERROR",
  CORRUPT: "INTERNAL_ERROR",
  VERSION: "INTERNAL_ERROR",
};

/** Fastify's own refusals (a body too large, a malformed URL ...) by their status. */
const OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  429: "REQUEST_LIMIT_EXCEEDED",
};

/** Any error as one for clients; what we did not foresee says nothing of our insides. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof StoreError) {
    const text =
      error.code === "PARAM_CHANGED"
        ? `Changing param values is not allowed: ${error.message}`
        : error.code === "DELETED"
          ? `${error.message} (it must be in the 'active' state)`
          : error.message;
    return new ApiError(OF_STORE[error.code], text, { cause: error });
  }
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (typeof status === "number" && status >= 400 && status < 500) {
    const code = OF_STATUS[status] ?? "BAD_REQUEST";
    return new ApiError(code, (error as Error).message, { cause: error });
  }
  return new ApiError("INTERNAL_ERROR", "the server failed; its log says why", { cause: error });
}

export function invalid(message: string): ApiError {
  return new ApiError("INVALID_PARAMETER_VALUE", message);
}

export function missing(what: string): ApiError {
  return new ApiError("RESOURCE_DOES_NOT_EXIST", what);
}
