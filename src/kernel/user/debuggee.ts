/** @file The debugger's way to the main thread, open also while that is paused: a session of the agent thread. */
import { Session } from "node:inspector";
import { type FromAgent, SHARED, type ToAgent } from "./messages.ts";

/** What the main thread reads and sets in `SHARED.debugged`. */
export const DEBUGGED = { no: 0, yes: 1, leaving: 2 } as const;

export class Debuggee {
  readonly #words: Int32Array;
  readonly #send: (message: FromAgent) => void;
  #session: Session | undefined;

  constructor(words: Int32Array, send: (message: FromAgent) => void) {
    this.#words = words;
    this.#send = send;
  }

  /** Passes a command to V8, and back what it says. The first one opens the session. */
  inspect({ id, method, params }: Extract<ToAgent, { type: "inspect" }>): void {
    this.#session ??= this.#open();
    this.#session.post(method, params, (error, result) => {
      // The inspector's errors are plain objects.
      const failure = error as { message: string } | null;
      this.#send(failure ? { id, error: failure.message } : { id, result: result ?? {} });
    });
  }

  #open(): Session {
    const session = new Session();
    session.connectToMainThread();
    session.on("inspectorNotification", (notification) => {
      const { method, params } = notification as { method: string; params?: object };
      this.#send({ method, params: params ?? {} });
    });
    Atomics.store(this.#words, SHARED.debugged, DEBUGGED.yes);
    const { value } = Atomics.waitAsync(this.#words, SHARED.debugged, DEBUGGED.yes);
    void Promise.resolve(value).then(() => {
      if (Atomics.load(this.#words, SHARED.debugged) === DEBUGGED.leaving) this.close();
    });
    return session;
  }

  /** Lets a paused main thread go on. An exiting one would wait for an open session. */
  close(): void {
    this.#session?.disconnect();
    this.#session = undefined;
    Atomics.store(this.#words, SHARED.debugged, DEBUGGED.no);
    Atomics.notify(this.#words, SHARED.debugged);
  }
}

/** Called by the main thread when it exits: a debugger that is there is asked to leave. */
export function leaveDebugger(words: Int32Array): void {
  const { debugged } = SHARED;
  if (Atomics.compareExchange(words, debugged, DEBUGGED.yes, DEBUGGED.leaving) !== DEBUGGED.yes)
    return;
  Atomics.notify(words, debugged);
  Atomics.wait(words, debugged, DEBUGGED.leaving, 1_000);
}
