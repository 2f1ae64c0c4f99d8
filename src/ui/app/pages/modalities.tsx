/** @file Per modality: bars, radar, differences by data set, and what was retrieved, side by side. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { deltaHeatmap, metaTaskRadar, modalityBars } from "../../../plot/index.ts";
import type { AblationPage } from "../../server/types.ts";
import { ablationQuery, queriesQuery } from "../api.ts";
import { DrillDown } from "../parts/drill-down.tsx";
import { FigureView } from "../parts/figure-view.tsx";
import { QueryList } from "../parts/query-list.tsx";
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
      <section>
        <h2>Scores by modality</h2>
        <FigureView label="Scores by modality" figure={modalityBars(grid.rows, modalities)} />
      </section>
      {radar && (
        <section>
          <h2>Meta-tasks</h2>
          <FigureView label="Meta-tasks" figure={radar} />
        </section>
      )}
      <section>
        <h2>Difference from {grid.baseline} by data set</h2>
        <FigureView
          label="Differences by data set"
          figure={deltaHeatmap(grid, datasets, modalities)}
        />
      </section>
      <Gallery page={page} experiment={experiment} />
    </>
  );
}

/** One data set's queries under two configurations, those that changed most first. */
function Gallery({ page, experiment }: { page: AblationPage; experiment: string }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const names = page.grid.rows.map(({ name }) => name);
  const task = search.task ?? page.datasets[0]!.name;
  const configuration = search.configuration ?? names.at(-1)!;
  const before = search.before ?? page.grid.baseline;
  const { from: offset = 0 } = search;
  const choose = (change: Partial<typeof search>): void =>
    void navigate({
      search: { task, configuration, before, ...change },
      replace: true,
      resetScroll: false,
    });
  const found = useQuery(queriesQuery(experiment, { task, configuration, before, offset }));
  return (
    <section>
      <h2>What was retrieved</h2>
      <DrillDown
        page={page}
        task={task}
        configuration={configuration}
        choose={(name) => choose({ task: name })}
      />
      <div className="choices">
        <Choice
          label="Before"
          value={before}
          names={names}
          choose={(name) => choose({ before: name })}
        />
        <Choice
          label="Configuration"
          value={configuration}
          names={names}
          choose={(name) => choose({ configuration: name })}
        />
      </div>
      <Loaded of={found}>
        {(queries) => <QueryList page={queries} turn={(from) => choose({ from })} />}
      </Loaded>
    </section>
  );
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
