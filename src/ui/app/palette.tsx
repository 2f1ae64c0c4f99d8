/** @file Ctrl-K: go anywhere by typing. */
import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { useQuery } from "@tanstack/react-query";
import { experimentsQuery } from "./api.ts";

const PAGES = ["ablation", "modalities", "runs", "compare"] as const;

export function Palette({
  experiment,
  open,
  onOpenChange,
}: {
  experiment: string | undefined;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const navigate = useNavigate();
  const { data: experiments = [] } = useQuery(experimentsQuery);
  const go = (to: string): void => {
    onOpenChange(false);
    void navigate({ to });
  };
  return (
    <Command.Dialog
      open={open}
      onOpenChange={onOpenChange}
      label="Go to"
      contentClassName="palette"
    >
      <Command.Input placeholder="Page or experiment" />
      <Command.List>
        <Command.Empty>Nothing of that name.</Command.Empty>
        {experiment !== undefined && (
          <Command.Group heading={experiment}>
            {PAGES.map((page) => (
              <Command.Item
                key={page}
                onSelect={() => go(`/ui/${encodeURIComponent(experiment)}/${page}`)}
              >
                {page}
              </Command.Item>
            ))}
            {["html", "md", "tex", "csv", "json"].map((format) => (
              <Command.Item
                key={format}
                onSelect={() => {
                  onOpenChange(false);
                  location.assign(
                    `/api/ui/experiments/${encodeURIComponent(experiment)}/export/${format}`,
                  );
                }}
              >
                export as {format}
              </Command.Item>
            ))}
          </Command.Group>
        )}
        <Command.Group heading="Experiments">
          <Command.Item onSelect={() => go("/ui")}>all experiments</Command.Item>
          {experiments.map(({ name }) => (
            <Command.Item
              key={name}
              onSelect={() => go(`/ui/${encodeURIComponent(name)}/ablation`)}
            >
              {name}
            </Command.Item>
          ))}
        </Command.Group>
      </Command.List>
    </Command.Dialog>
  );
}
