/** @file What an ablation showed: which ingredient helps, on which modality, by how much, how sure. */
import { useQuery } from "@tanstack/react-query";
import { Link, getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import {
  baselineTable,
  duplicatesSlope,
  duplicatesTable,
  effectForest,
  effectTable,
  findingsOf,
  ladderGains,
  ladderTable,
  lossBarrier,
  soupLadder,
  soupTable,
} from "../../../plot/index.ts";
import type { Report } from "../../../plot/types.ts";
import type { AblationPage } from "../../server/types.ts";
import { ablationQuery, exportAddress } from "../api.ts";
import { FigureView } from "../parts/figure-view.tsx";
import { HtmlTable } from "../parts/html-table.tsx";
import { LevelTable } from "../parts/level-table.tsx";
import { Problem } from "../parts/states.tsx";
import type { Level } from "../router.tsx";

const route = getRouteApi("/ui/$experiment/ablation");
const LEVELS: readonly (readonly [Level, string])[] = [
  ["modalities", "Modalities"],
  ["metaTasks", "Meta-tasks"],
  ["datasets", "Data sets"],
];
const VERDICTS = { helps: "Helps", hurts: "Hurts", unclear: "Can't be told" } as const;

export function AblationView() {
  const { experiment } = route.useParams();
  const { level = "modalities" } = route.useSearch();
  const { data, error, isPending } = useQuery(ablationQuery(experiment));
  if (isPending) {
    return (
      <p className="waiting" role="status">
        Computing intervals and tests …
      </p>
    );
  }
  if (!data) {
    return (
      <Problem message={error?.message ?? "no ablation"}>
        <p>
          An ablation compares configurations over seeds:{" "}
          <code>npx rzenlab ablate quick --seeds 5</code> makes one. The runs of this experiment are
          on the{" "}
          <Link to="/ui/$experiment/runs" params={{ experiment }}>
            Runs
          </Link>{" "}
          page.
        </p>
      </Problem>
    );
  }
  return (
    <>
      <header className="title">
        <h1>{data.title}</h1>
        <ExportLinks experiment={experiment} />
      </header>
      <p className="lead">{data.summary}</p>
      <Findings page={data} />
      <section>
        <header className="title">
          <h2>Configurations</h2>
          <nav className="tabs" aria-label="Columns of the table">
            {LEVELS.map(([id, label]) => (
              <Link
                key={id}
                to="/ui/$experiment/ablation"
                params={{ experiment }}
                search={{ level: id }}
                replace
                aria-current={id === level ? "true" : undefined}
              >
                {label}
              </Link>
            ))}
          </nav>
        </header>
        <LevelTable experiment={experiment} page={data} level={level} />
      </section>
      <Sections page={data} />
    </>
  );
}

function ExportLinks({ experiment }: { experiment: string }) {
  return (
    <span className="exports">
      Export{" "}
      {["html", "md", "tex", "csv", "json"].map((format) => (
        <a key={format} href={exportAddress(experiment, format)}>
          {format}
        </a>
      ))}
    </span>
  );
}

function Findings({ page }: { page: AblationPage }) {
  const findings = useMemo(() => findingsOf(page as Report), [page]);
  return (
    <section aria-label="Findings">
      <ul className="findings">
        {findings.map(({ verdict, text, evidence }) => (
          <li key={text} className={verdict}>
            <strong>{VERDICTS[verdict]}</strong> {text} <small>{evidence}</small>
          </li>
        ))}
      </ul>
      {page.remarks?.map((remark) => (
        <p key={remark} className="note">
          {remark}
        </p>
      ))}
    </section>
  );
}

/** What else the experiment has: effects, baselines, soups, controls; each as in the report. */
function Sections({ page }: { page: AblationPage }) {
  const { modalities, effects, baselines, soup, barriers, duplicates, ladder } = page;
  return (
    <>
      {effects && (
        <section>
          <h2>Main effects and interactions</h2>
          <FigureView label="Effects" figure={effectForest(effects, modalities)} />
          <HtmlTable table={effectTable(effects, modalities)} />
        </section>
      )}
      {baselines && (
        <section>
          <h2>Against what has to be beaten</h2>
          <HtmlTable table={baselineTable(baselines, modalities)} />
        </section>
      )}
      {soup && (
        <section>
          <h2>Souping ladder</h2>
          <FigureView label="Soups" figure={soupLadder(soup, modalities)} />
          <HtmlTable table={soupTable(soup, modalities)} />
          {barriers && barriers.length > 0 && (
            <FigureView label="Loss barriers" figure={lossBarrier(barriers)} />
          )}
        </section>
      )}
      {duplicates && (
        <section>
          <h2>Control: planted duplicates</h2>
          <FigureView label="Planted duplicates" figure={duplicatesSlope(duplicates)} />
          <HtmlTable table={duplicatesTable(duplicates)} />
        </section>
      )}
      {ladder && (
        <section>
          <h2>The paper’s ladder</h2>
          <FigureView label="Ladder" figure={ladderGains(ladder)} />
          <HtmlTable table={ladderTable(ladder, modalities)} />
        </section>
      )}
      <section>
        <h2>How</h2>
        {[...page.method.text, ...page.method.notes].map((text) => (
          <p key={text} className="note">
            {text}
          </p>
        ))}
        <p className="note">
          <code>{page.reproduction.command}</code> at commit{" "}
          <code>{page.reproduction.commit.slice(0, 12)}</code>
          {page.reproduction.dirty && " with uncommitted changes"}, {page.reproduction.machine}.
        </p>
      </section>
    </>
  );
}
