/** @file A run's notes: Markdown, edited here, kept as the tag that MLflow shows too. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import DOMPurify from "dompurify";
import { marked } from "marked";
import { useMemo, useState } from "react";
import type { RunDetail } from "../../server/types.ts";
import { NOTE_TAG, saveNote } from "../api.ts";
import { Problem } from "./states.tsx";

export function RunNotes({ run }: { run: RunDetail }) {
  const note = run.tags[NOTE_TAG] ?? "";
  const [draft, setDraft] = useState<string | null>(null);
  const cache = useQueryClient();
  const save = useMutation({
    mutationFn: (text: string) => saveNote(run.id, text),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: ["run", run.id] });
      setDraft(null);
    },
  });
  return (
    <section>
      <header className="title">
        <h2>Notes</h2>
        {draft === null && (
          <button type="button" onClick={() => setDraft(note)}>
            {note === "" ? "Write notes" : "Edit notes"}
          </button>
        )}
      </header>
      {draft === null ? (
        <MarkdownText text={note === "" ? "No notes yet." : note} />
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate(draft);
          }}
        >
          <textarea
            aria-label="Notes in Markdown"
            rows={10}
            value={draft}
            onChange={(event) => setDraft(event.target.value)}
          />
          <p className="choices">
            <button type="submit" disabled={save.isPending}>
              {save.isPending ? "Saving …" : "Save"}
            </button>
            <button type="button" onClick={() => setDraft(null)}>
              Cancel
            </button>
          </p>
          {save.error && <Problem message={`Not saved: ${save.error.message}`} />}
          <h3>Preview</h3>
          <MarkdownText text={draft} />
        </form>
      )}
    </section>
  );
}

// A picture that its writer gave no words is no news to who can't see it.
DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "IMG" && !node.hasAttribute("alt")) node.setAttribute("alt", "");
});

/** Whatever was written, no script and no form comes out; pictures only from here, by the page's policy. */
export function MarkdownText({ text }: { text: string }) {
  const markup = useMemo(() => {
    const html = marked.parse(text, { async: false });
    return DOMPurify.sanitize(html, { FORBID_TAGS: ["style", "form", "input", "button"] });
  }, [text]);
  return <div className="markdown" dangerouslySetInnerHTML={{ __html: markup }} />;
}
