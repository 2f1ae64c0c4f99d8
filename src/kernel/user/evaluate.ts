/** @file Evaluation in V8's REPL mode, through an inspector session of this very thread. */
import { Session } from "node:inspector";
import type { Runtime } from "node:inspector";

import { KeyboardInterrupt } from "./interrupt.ts";

export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

/**
 * Runs scripts whose bindings stay.
 *
 * The session must be this thread's own: an evaluation through another thread's session holds back every later message
 * until the cell ends, and nothing could interrupt it.
 */
export class Repl {
  readonly #session = new Session();
  #taken: unknown;

  constructor() {
    this.#session.connect();
    Object.defineProperty(globalThis, "__rzTake", {
      value: (value: unknown) => {
        this.#taken = value;
      },
    });
  }

  /** An open session would make the exiting process wait for a debugger. */
  close(): void {
    this.#session.disconnect();
  }

  /** Resolves when the script and its awaits are done. Never rejects. */
  evaluate(code: string, url: string): Promise<Outcome> {
    const objectGroup = url;
    return new Promise((resolve) => {
      this.#session.post(
        "Runtime.evaluate",
        { expression: `${code}\n//# sourceURL=${url}`, replMode: true, objectGroup },
        (failure, reply) => {
          // A command of V8's own that fails was terminated. Inside an inspector callback a throw would be lost.
          try {
            const outcome = (): Outcome => this.#outcome(reply as Runtime.EvaluateReturnType);
            resolve(failure ? { ok: false, error: new KeyboardInterrupt() } : outcome());
          } catch (error) {
            resolve({ ok: false, error });
          } finally {
            this.#session.post("Runtime.releaseObjectGroup", { objectGroup });
          }
        },
      );
    });
  }

  #outcome({ result, exceptionDetails }: Runtime.EvaluateReturnType): Outcome {
    if (exceptionDetails === undefined) return { ok: true, value: this.#valueOf(result) };
    const { exception } = exceptionDetails;
    return { ok: false, error: exception ? this.#valueOf(exception) : exceptionDetails.text };
  }

  /** The value itself, not its description. */
  #valueOf(remote: Runtime.RemoteObject): unknown {
    if (remote.objectId === undefined) {
      if (remote.unserializableValue === undefined) {
        return remote.subtype === "null" ? null : remote.value;
      }
      const text = remote.unserializableValue;
      return text.endsWith("n") ? BigInt(text.slice(0, -1)) : Number(text);
    }
    this.#session.post("Runtime.callFunctionOn", {
      functionDeclaration: "function (value) { __rzTake(value); }",
      objectId: remote.objectId,
      arguments: [{ objectId: remote.objectId }],
    });
    const value = this.#taken;
    this.#taken = undefined;
    return value;
  }
}
