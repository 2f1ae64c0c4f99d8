/** @file What a page shows while it waits, when it failed, and when there is nothing. */
import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** The data, or a word on why it isn't there yet. */
export function Loaded<T>({
  of,
  children,
}: {
  of: UseQueryResult<T>;
  children: (data: T) => ReactNode;
}) {
  if (of.data !== undefined) return children(of.data);
  if (of.error) return <Problem message={of.error.message} />;
  return (
    <p className="waiting" role="status">
      Loading …
    </p>
  );
}

export function Problem({ message, children }: { message: string; children?: ReactNode }) {
  return (
    <div className="problem" role="alert">
      <p>{message}</p>
      {children}
    </div>
  );
}

/** For an address that is no page's. */
export function NoPage() {
  return (
    <>
      <h1>No such page</h1>
      <Problem message="No page has this address.">
        <Link to="/ui">All experiments</Link>
      </Problem>
    </>
  );
}

export function Status({ status }: { status: string }) {
  const sign = { FINISHED: "✓", RUNNING: "▸", FAILED: "✗", KILLED: "■" }[status] ?? "·";
  return (
    <span className={`status ${status.toLowerCase()}`}>
      <span aria-hidden>{sign}</span> {status.toLowerCase()}
    </span>
  );
}
