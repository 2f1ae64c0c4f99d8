/** @file Over what curves are drawn, how smooth, on which axes. */
import {
  AXIS_LABELS,
  type CurveAxis,
  type CurveSearch,
  SMOOTHINGS,
  USUAL_SMOOTHING,
} from "../curves.ts";

export function CurveControls({
  search,
  samples,
  onChange,
}: {
  search: CurveSearch;
  /** Whether the runs' settings say how many samples a step takes. */
  samples: boolean;
  onChange: (next: CurveSearch) => void;
}) {
  const { axis = "step", smooth = USUAL_SMOOTHING, log = "" } = search;
  const flip = (which: "x" | "y"): void => {
    const on = (one: "x" | "y"): string => (log.includes(one) !== (one === which) ? one : "");
    onChange({ log: (on("x") + on("y") || undefined) as CurveSearch["log"] });
  };
  return (
    <>
      <label>
        Over
        <select
          aria-label="Curves over"
          value={axis}
          onChange={(event) => {
            const next = event.target.value as CurveAxis;
            onChange({ axis: next === "step" ? undefined : next });
          }}
        >
          {Object.entries(AXIS_LABELS).map(([id, label]) => (
            <option key={id} value={id} disabled={id === "samples" && !samples}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <label>
        Smoothing
        <select
          aria-label="Smoothing"
          value={smooth}
          onChange={(event) => {
            const next = Number(event.target.value);
            onChange({ smooth: next === USUAL_SMOOTHING ? undefined : next });
          }}
        >
          {SMOOTHINGS.map((percent) => (
            <option key={percent} value={percent}>
              {percent === 0 ? "none" : `${percent} % of a run`}
            </option>
          ))}
        </select>
      </label>
      <span className="checks" role="group" aria-label="Log axes">
        {(["x", "y"] as const).map((which) => (
          <label key={which}>
            <input type="checkbox" checked={log.includes(which)} onChange={() => flip(which)} />
            log {which}
          </label>
        ))}
      </span>
    </>
  );
}
