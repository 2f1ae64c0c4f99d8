/** @file Features of how a text is spelled, for texts whose words have no vectors: "1:05", "p button". */

const SIZE = 256;

/** Hashed words and letter triples [256], square roots of counts, of unit length. */
export function spellingFeatures(text: string): Float32Array {
  const out = new Float32Array(SIZE);
  for (const word of text.toLowerCase().match(/[^\s]+/gu) ?? []) {
    const marked = `<${word}>`;
    const parts = [`${marked}#`];
    for (let i = 0; i + 3 <= marked.length; i++) parts.push(marked.slice(i, i + 3));
    for (const part of parts) {
      const at = hash(part) % SIZE;
      out[at] = out[at]! + 1;
    }
  }
  const total = out.reduce((sum, count) => sum + count, 0);
  return total === 0 ? out : out.map((count) => Math.sqrt(count / total));
}

/** FNV-1a over UTF-16 units. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return h;
}
