/** @file How a score depends on the settings of the compared runs: importance, scatter, contour, parallel coordinates. */
import { Link, getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import {
  importances,
  settingNumber,
  sweepContour,
  sweepScatter,
  varying,
} from "../../../plot/index.ts";
import { encodeRuns } from "../../run-code.ts";
import type { RunRow } from "../../server/types.ts";
import { FigureView } from "./figure-view.tsx";
import { ParallelCoordinates, type SweptRun } from "./parallel-coordinates.tsx";

const route = getRouteApi("/ui/$experiment/compare");
/** More axes than this can't be told apart on a screen. */
const AXES = 7;

export function Sweep({ runs }: { runs: readonly RunRow[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const metrics = useMemo(() => scoresOf(runs), [runs]);
  const score = oneOf(metrics, search.score) ?? metrics[0] ?? "";
  const swept = useMemo(() => sweptRuns(runs, score), [runs, score]);
  const settings = useMemo(() => varying(swept), [swept]);
  const x = oneOf(settings, search.x) ?? settings[0] ?? "";
  const y = oneOf(settings, search.y);
  if (swept.length < 2 || settings.length === 0) return null;
  const change = (next: Partial<typeof search>): void =>
    void navigate({ search: { ...search, ...next }, replace: true });
  return (
    <section aria-labelledby="sweep">
      <h2 id="sweep">Settings and scores</h2>
      <p className="choices">
        <Choice
          label="Score"
          value={score}
          options={metrics}
          onChange={(name) => change({ score: name })}
        />
        <Choice
          label="Over"
          value={x}
          options={settings}
          onChange={(name) => change({ x: name })}
        />
        <Choice
          label="And over"
          value={y ?? ""}
          options={[
            "",
            ...settings.filter((name) =>
              swept.some((run) => settingNumber(run, name) !== undefined),
            ),
          ]}
          onChange={(name) => change({ y: name === "" ? undefined : name })}
        />
      </p>
      <Over swept={swept} x={x} y={y} score={score} />
      <Importances swept={swept} score={score} />
      <Parallel key={score} swept={swept} settings={settings.slice(0, AXES)} score={score} />
      {settings.length > AXES && (
        <p className="note">
          The first {AXES} of {settings.length} settings that differ.
        </p>
      )}
    </section>
  );
}

/** What an address names, if these runs have it. */
function oneOf(known: readonly string[], name: string | undefined): string | undefined {
  return name !== undefined && known.includes(name) ? name : undefined;
}

/** Test scores first, then whatever else every run might be judged by. */
function scoresOf(runs: readonly RunRow[]): string[] {
  const names = new Set(runs.flatMap(({ metrics }) => Object.keys(metrics)));
  const rank = (name: string): number =>
    name === "test/overall" ? 0 : name.startsWith("test/") ? 1 : name.startsWith("dev/") ? 2 : 3;
  return [...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

function sweptRuns(runs: readonly RunRow[], score: string): SweptRun[] {
  return runs.flatMap(({ id, serial, name, params, metrics }) => {
    const value = metrics[score];
    return value === undefined || value === null
      ? []
      : [{ id, serial, name, settings: params, value }];
  });
}

function Choice({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: string;
  options: readonly string[];
  onChange: (value: string) => void;
}) {
  return (
    <label>
      {label}
      <select aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map((option) => (
          <option key={option} value={option}>
            {option === "" ? "nothing else" : option}
          </option>
        ))}
      </select>
    </label>
  );
}

function Over(props: {
  swept: readonly SweptRun[];
  x: string;
  y: string | undefined;
  score: string;
}) {
  const { swept, x, y, score } = props;
  const figure = useMemo(
    () => (y === undefined ? sweepScatter(swept, x, score) : sweepContour(swept, [x, y], score)),
    [swept, x, y, score],
  );
  if (figure === undefined) {
    return (
      <p className="empty">
        A contour needs two numbers of {x} and two of {y}.
      </p>
    );
  }
  return <FigureView figure={figure} label={y === undefined ? "Scatter" : "Contour"} />;
}

function Importances({ swept, score }: { swept: readonly SweptRun[]; score: string }) {
  const found = useMemo(() => importances(swept), [swept]);
  if (found.length === 0) return null;
  return (
    <>
      <h3 id="importance">What {score} depends on</h3>
      <table aria-labelledby="importance" className="importance">
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col" className="number">
              Values
            </th>
            <th scope="col">Share of the variance</th>
          </tr>
        </thead>
        <tbody>
          {found.map(({ setting, levels, share }) => (
            <tr key={setting}>
              <th scope="row">{setting}</th>
              <td className="number">{levels}</td>
              <td>
                <span className="share" style={{ width: `${share * 100}px` }} aria-hidden />
                {(share * 100).toFixed(0)} %
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="note">
        Epsilon squared: what the setting’s value explains alone, less what chance would. Settings
        that change together share it. Settings that never repeat a value can’t be judged.
      </p>
    </>
  );
}

function Parallel(props: {
  swept: readonly SweptRun[];
  settings: readonly string[];
  score: string;
}) {
  const { experiment } = route.useParams();
  const [lit, setLit] = useState<readonly number[] | null>(null);
  return (
    <>
      <h3>Run by run</h3>
      <ParallelCoordinates
        runs={props.swept}
        settings={props.settings}
        metric={props.score}
        onBrush={setLit}
      />
      {lit !== null && lit.length > 0 && lit.length < props.swept.length && (
        <p role="status">
          <Link
            to="/ui/$experiment/compare"
            params={{ experiment }}
            search={{ runs: encodeRuns(lit) }}
          >
            Compare the {lit.length} brushed
          </Link>
        </p>
      )}
    </>
  );
}
