/** @file All experiments, the newest first. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { experimentsQuery } from "../api.ts";
import { Loaded } from "../parts/states.tsx";

export function ExperimentsView() {
  const experiments = useQuery(experimentsQuery);
  return (
    <>
      <h1>Experiments</h1>
      <Loaded of={experiments}>
        {(cards) =>
          cards.length === 0 ? (
            <p className="empty">
              No runs yet. <code>npm start</code> makes the first ablation;{" "}
              <code>npx rzenlab train baseline</code> a single run.
            </p>
          ) : (
            <ul className="cards">
              {cards.map(({ id, name, runs, running, failed, updatedAt, hasAblation }) => (
                <li key={id}>
                  <Link
                    to={hasAblation ? "/ui/$experiment/ablation" : "/ui/$experiment/runs"}
                    params={{ experiment: name }}
                    className="card"
                  >
                    <strong>{name}</strong>
                    <span>
                      {runs} runs
                      {running > 0 && `, ${running} running`}
                      {failed > 0 && `, ${failed} failed`}
                    </span>
                    <time dateTime={new Date(updatedAt).toISOString()}>
                      {new Date(updatedAt).toLocaleString()}
                    </time>
                  </Link>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}
