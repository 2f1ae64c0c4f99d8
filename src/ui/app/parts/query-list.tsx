/** @file Queries whose rank changed most, with both configurations' results side by side. */
import type { QueryChange, QueryPage } from "../../../plot/types.ts";
import { delta as deltaText, percent, probability } from "../../../plot/format.ts";
import { MediaView, RetrievalCard } from "./retrieval-card.tsx";

export function QueryList({ page, turn }: { page: QueryPage; turn: (offset: number) => void }) {
  const { queries, total, offset, better, worse, same, delta, metric, seeds } = page;
  const last = offset + queries.length;
  return (
    <>
      <p>
        Of {total} queries {better} got better, {worse} worse, {same} stayed, by {metric} averaged
        over {seeds.length === 1 ? "one seed" : `${seeds.length} seeds`}
        {delta && (
          <>
            : {deltaText(delta)} points, p {probability(delta.p)}, paired by query
          </>
        )}
        . Those whose rank changed most come first.
      </p>
      {page.instruction !== "" && <p className="note">Instruction: {page.instruction}</p>}
      <ol className="queries" start={offset + 1}>
        {queries.map((one) => (
          <li key={one.id}>
            <Entry one={one} page={page} />
          </li>
        ))}
      </ol>
      <p className="choices">
        <button
          type="button"
          disabled={offset === 0}
          onClick={() => turn(Math.max(0, offset - 20))}
        >
          Previous
        </button>
        <span>{total === 0 ? "no queries" : `${offset + 1} to ${last} of ${total}`}</span>
        <button type="button" disabled={last >= total} onClick={() => turn(last)}>
          Next
        </button>
      </p>
    </>
  );
}

function Entry({ one, page }: { one: QueryChange; page: QueryPage }) {
  const { ranks, ranksBefore, value, valueBefore, results } = one;
  return (
    <article className={one.value >= 1 ? "retrieval right" : "retrieval wrong"}>
      <div className="sides">
        <div className="query">
          <MediaView media={one.query} role="query" />
        </div>
        <dl className="ranks">
          <Side name={page.before} ranks={ranksBefore} value={valueBefore} />
          <Side name={page.configuration} ranks={ranks} value={value} />
        </dl>
      </div>
      {results === null ? (
        <p className="note">The runs kept this query’s ranks, not what they ranked.</p>
      ) : (
        <details>
          <summary>Top results side by side, seed {page.seeds[0]}</summary>
          <div className="pair">
            {results.map((item, i) => (
              <div key={i}>
                <h3>{item.configuration}</h3>
                <RetrievalCard item={item} />
              </div>
            ))}
          </div>
        </details>
      )}
    </article>
  );
}

function Side({ name, ranks, value }: { name: string; ranks: readonly number[]; value: number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {ranks.map((rank, i) => (
          <span key={i} className={rank === 1 ? "right" : "wrong"}>
            <span aria-hidden>{rank === 1 ? "✓" : "✗"}</span> rank {rank}
          </span>
        ))}{" "}
        <small>{percent(value)} %</small>
      </dd>
    </div>
  );
}
