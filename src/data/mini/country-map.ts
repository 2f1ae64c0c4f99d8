/** @file Draws the outline of a country. */
import type { SKRSContext2D } from "@napi-rs/canvas";
import { packageText } from "./sources.ts";

type Ring = readonly (readonly [number, number])[];
type Geometry =
  | { type: "Polygon"; coordinates: Ring[] }
  | { type: "MultiPolygon"; coordinates: Ring[][] };
/** Kosovo's feature has no geometry. */
type Outline = { features: { geometry?: Geometry }[] };

/** Outer rings of a country, in degrees, kept together across the date line. */
function outline(code: string): Ring[] {
  const { features } = JSON.parse(
    packageText("world-countries", `data/${code}.geo.json`),
  ) as Outline;
  const rings = features.flatMap(({ geometry }) => {
    if (!geometry) return [];
    return geometry.type === "Polygon"
      ? [geometry.coordinates[0]!]
      : geometry.coordinates.map((polygon) => polygon[0]!);
  });
  const longitudes = rings.flatMap((ring) => ring.map(([x]) => x));
  const wraps = longitudes.some((x) => x > 150) && longitudes.some((x) => x < -150);
  return wraps
    ? rings.map((ring) => ring.map(([x, y]): [number, number] => [x < 0 ? x + 360 : x, y]))
    : rings;
}

type Box = { left: number; right: number; top: number; bottom: number };

function boxOf(rings: readonly Ring[]): Box {
  const box = { left: Infinity, right: -Infinity, top: -Infinity, bottom: Infinity };
  for (const ring of rings) {
    for (const [x, y] of ring) {
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x);
      box.bottom = Math.min(box.bottom, y);
      box.top = Math.max(box.top, y);
    }
  }
  return box;
}

function boxArea({ left, right, top, bottom }: Box): number {
  return (right - left) * (top - bottom);
}

/** Rings near the largest one: overseas parts would shrink the homeland to a dot. */
function homeland(rings: readonly Ring[]): Ring[] {
  const boxes = rings.map((ring) => boxOf([ring]));
  const main = boxes.reduce((a, b) => (boxArea(b) > boxArea(a) ? b : a));
  const reach = 0.6 * Math.max(main.right - main.left, main.top - main.bottom) + 1;
  return rings.filter((_, i) => {
    const box = boxes[i]!;
    return (
      box.right > main.left - reach &&
      box.left < main.right + reach &&
      box.top > main.bottom - reach &&
      box.bottom < main.top + reach
    );
  });
}

/** Fills the outline into the given frame of the page. */
export function drawMap(
  context: SKRSContext2D,
  code: string,
  frame: { x: number; y: number; width: number; height: number },
  colour: string,
): void {
  const all = outline(code);
  if (all.length === 0) return;
  const rings = homeland(all);
  const box = boxOf(rings);
  const stretch = Math.cos((((box.top + box.bottom) / 2) * Math.PI) / 180);
  const scale = Math.min(
    frame.width / ((box.right - box.left) * stretch),
    frame.height / (box.top - box.bottom),
  );
  const x0 = frame.x + (frame.width - (box.right - box.left) * stretch * scale) / 2;
  const y0 = frame.y + (frame.height - (box.top - box.bottom) * scale) / 2;
  context.beginPath();
  for (const ring of rings) {
    for (const [i, [x, y]] of ring.entries()) {
      const px = x0 + (x - box.left) * stretch * scale;
      const py = y0 + (box.top - y) * scale;
      if (i === 0) context.moveTo(px, py);
      else context.lineTo(px, py);
    }
    context.closePath();
  }
  context.fillStyle = colour;
  context.fill();
}
