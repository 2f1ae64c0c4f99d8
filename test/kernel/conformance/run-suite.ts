/** @file Runs the suite on one kernel: a kernel for each group, a new one after a case that broke it. */
import type { Peer } from "../../support/jupyter/peers.ts";
import { type Case, type Group, NotApplicable, Session } from "./session.ts";

export type Outcome = {
  readonly group: string;
  readonly name: string;
  /** `n/a`: the kernel's language has no such thing. */
  readonly status: "pass" | "fail" | "n/a";
  readonly reason?: string;
  readonly ms: number;
};

/** One kernel that is there when needed. */
export class Kernels {
  readonly #peer: Peer;
  #open: Session | undefined;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  async close(): Promise<void> {
    await this.#open?.close();
    this.#open = undefined;
  }

  /** Runs a case, and says what came of it. A kernel that failed is not asked again: it may still be busy. */
  async run(group: string, testCase: Case): Promise<Outcome> {
    const started = performance.now();
    const done = (status: Outcome["status"], reason?: string): Outcome => ({
      group,
      name: testCase.name,
      status,
      ms: performance.now() - started,
      ...(reason === undefined ? {} : { reason }),
    });
    try {
      if (testCase.fresh) await this.close();
      this.#open ??= await Session.open(this.#peer, testCase.env);
      this.#open.client.onInput = undefined;
      await testCase.run(this.#open);
      if (testCase.fresh) await this.close();
      return done("pass");
    } catch (error) {
      if (error instanceof NotApplicable) return done("n/a");
      await this.close();
      return done("fail", (error as Error).message);
    }
  }
}

/** Runs groups one after another. */
export async function runSuite(
  peer: Peer,
  groups: readonly Group[],
  onOutcome: (outcome: Outcome) => void = () => {},
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { name, cases } of groups) {
    const kernels = new Kernels(peer);
    for (const testCase of cases) {
      const outcome = await kernels.run(name, testCase);
      outcomes.push(outcome);
      onOutcome(outcome);
    }
    await kernels.close();
  }
  return outcomes;
}
