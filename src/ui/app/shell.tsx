/** @file What every page has: the bar with its places, the theme, the palette. */
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useParams, useRouterState } from "@tanstack/react-router";
import { Download, Moon, Search, Sun } from "lucide-react";
import { useEffect, useState } from "react";
import { runQuery } from "./api.ts";
import { download } from "./download.ts";
import { Palette } from "./palette.tsx";
import { snapshot } from "./snapshot.ts";
import { chooseTheme, isDark } from "./theme.ts";

const PLACES = [
  { to: "/ui/$experiment/ablation", label: "Ablation" },
  { to: "/ui/$experiment/modalities", label: "Modalities" },
  { to: "/ui/$experiment/runs", label: "Runs" },
  { to: "/ui/$experiment/compare", label: "Compare" },
] as const;

export function Shell() {
  const experiment = useExperiment();
  const [palette, setPalette] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => {
    document.title = experiment === undefined ? "RzenLab" : `${experiment} · RzenLab`;
  }, [experiment, path]);
  useEffect(() => {
    const open = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      setPalette((shown) => !shown);
    };
    addEventListener("keydown", open);
    return () => removeEventListener("keydown", open);
  }, []);
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="bar">
        <Link to="/ui" className="brand">
          RzenLab
        </Link>
        {experiment !== undefined && (
          <nav aria-label="Pages of the experiment">
            <span className="experiment">{experiment}</span>
            {PLACES.map(({ to, label }) => (
              <Link
                key={to}
                to={to}
                params={{ experiment }}
                activeProps={{ "aria-current": "page" }}
              >
                {label}
              </Link>
            ))}
          </nav>
        )}
        <span className="grow" />
        <button type="button" className="quiet" onClick={() => setPalette(true)}>
          <Search aria-hidden size={15} /> Go to <kbd>Ctrl K</kbd>
        </button>
        <button
          type="button"
          className="quiet"
          aria-label="Save this view as one HTML file"
          onClick={() => void saveView()}
        >
          <Download aria-hidden size={16} />
        </button>
        <ThemeSwitch />
      </header>
      <main id="content" tabIndex={-1}>
        <Outlet />
      </main>
      <Palette experiment={experiment} open={palette} onOpenChange={setPalette} />
    </>
  );
}

/** The experiment of the address, or of the run that the address names. */
function useExperiment(): string | undefined {
  const { experiment, id } = useParams({ strict: false });
  const { data: run } = useQuery({ ...runQuery(id ?? ""), enabled: id !== undefined });
  return experiment ?? run?.experiment;
}

async function saveView(): Promise<void> {
  download(`${document.title.replaceAll(/[^\w. -]+/g, "-")}.html`, await snapshot());
}

/** Light or dark, remembered; the system's choice until then. */
function ThemeSwitch() {
  const [dark, setDark] = useState(isDark);
  return (
    <button
      type="button"
      className="quiet"
      aria-label={dark ? "Light colours" : "Dark colours"}
      onClick={() => {
        chooseTheme(!dark);
        setDark(!dark);
      }}
    >
      {dark ? <Sun aria-hidden size={16} /> : <Moon aria-hidden size={16} />}
    </button>
  );
}
