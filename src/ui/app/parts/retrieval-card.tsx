/** @file One query with what was ranked first: right or wrong in words, signs and colour; clips play. */
import { useEffect, useState } from "react";
import type { GalleryItem, Media } from "../../../plot/types.ts";

export function RetrievalCard({ item }: { item: GalleryItem }) {
  const { task, query, instruction, results, rank, candidates, before } = item;
  const right = rank === 1;
  return (
    <article className={`retrieval ${right ? "right" : "wrong"}`}>
      <header>
        <h4>{task}</h4>
        <p>
          <span aria-hidden>{right ? "✓" : "✗"}</span> best right answer at rank {rank} of{" "}
          {candidates}
          {before && ` (${before.configuration}: rank ${before.rank})`}
        </p>
      </header>
      <div className="sides">
        <div className="query">
          <MediaView media={query} role="query" />
          {instruction && <p className="note">{instruction}</p>}
        </div>
        <ol>
          {results.map(({ id, media, score, relevant }, i) => (
            <li key={id} className={relevant ? "right" : "wrong"}>
              <MediaView media={media} role={`result ${i + 1}`} />
              <p>
                <span aria-hidden>{relevant ? "✓" : "✗"}</span>{" "}
                <span className="hidden">{relevant ? "right" : "wrong"},</span> {score.toFixed(3)}
              </p>
            </li>
          ))}
        </ol>
      </div>
    </article>
  );
}

const FRAME_MS = 350;

export function MediaView({
  media: { kind, text, pictures = [] },
  role,
}: {
  media: Media;
  role: string;
}) {
  const [frame, setFrame] = useState(0);
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setInterval(() => setFrame((at) => (at + 1) % pictures.length), FRAME_MS);
    return () => clearInterval(timer);
  }, [playing, pictures.length]);
  const name = text === undefined ? `${role}, ${kind}` : `${role}: ${text}`;
  return (
    <div className={`media ${kind}`}>
      {pictures.length > 0 && (
        <img src={pictures[frame % pictures.length]} alt={name} loading="lazy" />
      )}
      {pictures.length > 1 && (
        <button
          type="button"
          aria-pressed={playing}
          aria-label={`play ${name}`}
          onClick={() => setPlaying(!playing)}
        >
          {playing ? "❚❚" : "▶"} {frame + 1}/{pictures.length}
        </button>
      )}
      {text !== undefined && <p>{text}</p>}
    </div>
  );
}
