/** @file Modality -> meta-task -> data set, each with its score; a data set is chosen to see its queries. */
import { DARK, styleOf } from "../../../plot/index.ts";
import { percent, points } from "../../../plot/format.ts";
import type { Delta, Estimate } from "../../../plot/types.ts";
import type { AblationPage } from "../../server/types.ts";
import { useIsDark } from "../theme.ts";
import { verdictOf } from "./score-cell.tsx";

export function DrillDown(props: {
  page: AblationPage;
  task: string;
  configuration: string;
  choose: (task: string) => void;
}) {
  const { page, task, configuration, choose } = props;
  const dark = useIsDark();
  const row = page.grid.rows.find(({ name }) => name === configuration);
  const chosen = page.datasets.find(({ name }) => name === task);
  if (row === undefined) return null;
  const { colour } = styleOf(row.name);
  return (
    <nav className="drill" aria-label="Modality, meta-task, data set">
      <p>
        <span className="dot" style={{ background: dark ? (DARK[colour] ?? colour) : colour }} />{" "}
        {row.name}: <Score value={row.overall} delta={row.deltas?.overall} /> overall
      </p>
      {page.modalities.map(({ id, label }) => {
        const sets = page.datasets.filter(({ modality }) => modality === id);
        return (
          <details key={id} open={chosen?.modality === id}>
            <summary>
              {label} <Score value={row.modalities[id]} delta={row.deltas?.modalities[id]} />
            </summary>
            {[...new Set(sets.map(({ metaTask }) => metaTask))].map((metaTask) => (
              <details
                key={metaTask}
                open={chosen?.modality === id && chosen.metaTask === metaTask}
              >
                <summary>
                  {metaTask}{" "}
                  <Score value={row.metaTasks[metaTask]} delta={row.deltas?.metaTasks[metaTask]} />
                </summary>
                <ul>
                  {sets
                    .filter((set) => set.metaTask === metaTask)
                    .map(({ name, queries }) => (
                      <li key={name}>
                        <button
                          type="button"
                          aria-current={name === task ? "true" : undefined}
                          onClick={() => choose(name)}
                        >
                          {name}
                        </button>{" "}
                        <Score value={row.datasets[name]} delta={row.deltas?.datasets[name]} />{" "}
                        <small>{queries} queries</small>
                      </li>
                    ))}
                </ul>
              </details>
            ))}
          </details>
        );
      })}
    </nav>
  );
}

function Score({ value, delta }: { value: Estimate | undefined; delta: Delta | undefined }) {
  if (value === undefined) return <span className="note">not scored</span>;
  return (
    <>
      <b>{percent(value.mean)}</b>
      {delta && <span className={`delta ${verdictOf(delta)}`}> {points(delta.mean)}</span>}
    </>
  );
}
