/** @file Per modality: bars, radar, differences by data set, and what was retrieved, side by side. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { deltaHeatmap, metaTaskRadar, modalityBars } from "../../../plot/index.ts";
import type { AblationPage } from "../../server/types.ts";
import { ablationQuery, retrievalsQuery } from "../api.ts";
import { FigureView } from "../parts/figure-view.tsx";
import { RetrievalCard } from "../parts/retrieval-card.tsx";
import { Loaded } from "../parts/states.tsx";

const route = getRouteApi("/ui/$experiment/modalities");

export function ModalitiesView() {
  const { experiment } = route.useParams();
  return (
    <Loaded of={useQuery(ablationQuery(experiment))}>
      {(page) => <Page page={page} experiment={experiment} />}
    </Loaded>
  );
}

function Page({ page, experiment }: { page: AblationPage; experiment: string }) {
  const { grid, modalities, datasets } = page;
  const radar = metaTaskRadar(grid.rows);
  return (
    <>
      <h1>Modalities</h1>
      <section aria-labelledby="bars">
        <h2 id="bars">Scores by modality</h2>
        <FigureView label="Scores by modality" figure={modalityBars(grid.rows, modalities)} />
      </section>
      {radar && (
        <section aria-labelledby="radar">
          <h2 id="radar">Meta-tasks</h2>
          <FigureView label="Meta-tasks" figure={radar} />
        </section>
      )}
      <section aria-labelledby="heat">
        <h2 id="heat">Difference from {grid.baseline} by data set</h2>
        <FigureView
          label="Differences by data set"
          figure={deltaHeatmap(grid, datasets, modalities)}
        />
      </section>
      <Gallery page={page} experiment={experiment} />
    </>
  );
}

/** One data set's retrievals under a configuration, with the baseline's ranks beside them. */
function Gallery({ page, experiment }: { page: AblationPage; experiment: string }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const names = page.grid.rows.map(({ name }) => name);
  const task = search.task ?? page.datasets[0]!.name;
  const configuration = search.configuration ?? names.at(-1)!;
  const before = search.before ?? page.grid.baseline;
  const choose = (change: Partial<typeof search>): void =>
    void navigate({ search: { task, configuration, before, ...change }, replace: true });
  const found = useQuery(retrievalsQuery(experiment, { task, configuration, before }));
  return (
    <section aria-labelledby="retrievals">
      <h2 id="retrievals">What was retrieved</h2>
      <div className="choices">
        <label>
          Data set
          <select value={task} onChange={(event) => choose({ task: event.target.value })}>
            {page.modalities.map(({ id, label }) => (
              <optgroup key={id} label={label}>
                {page.datasets
                  .filter(({ modality }) => modality === id)
                  .map(({ name, metaTask }) => (
                    <option key={name} value={name}>
                      {name} ({metaTask})
                    </option>
                  ))}
              </optgroup>
            ))}
          </select>
        </label>
        <Choice
          label="Configuration"
          value={configuration}
          names={names}
          choose={(name) => choose({ configuration: name })}
        />
        <Choice
          label="beside"
          value={before}
          names={names}
          choose={(name) => choose({ before: name })}
        />
      </div>
      <Loaded of={found}>
        {(items) => (
          <div className="retrievals">
            {[...items]
              .sort((a, b) => changeOf(b) - changeOf(a))
              .map((item, i) => (
                <RetrievalCard key={`${item.task} ${i}`} item={item} />
              ))}
          </div>
        )}
      </Loaded>
      <p className="note">
        Queries are spread evenly over the data set, not chosen by outcome; those whose rank changed
        most come first.
      </p>
    </section>
  );
}

/** Places a query's best positive moved, on a logarithmic scale: 1 to 2 matters more than 101 to 102. */
function changeOf({
  rank,
  before,
}: {
  rank: number;
  before?: { readonly rank: number } | undefined;
}): number {
  return before === undefined ? 0 : Math.abs(Math.log(before.rank / rank));
}

function Choice(props: {
  label: string;
  value: string;
  names: readonly string[];
  choose: (name: string) => void;
}) {
  return (
    <label>
      {props.label}
      <select value={props.value} onChange={(event) => props.choose(event.target.value)}>
        {props.names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
