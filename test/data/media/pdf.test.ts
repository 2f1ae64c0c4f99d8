import { createHash } from "node:crypto";
import { PDFDocument } from "@napi-rs/canvas";
import sharp from "sharp";
import { expect, test } from "vitest";
import { decodeBatch, readPdfPages } from "../../../src/data/index.ts";
import { put, temporaryFolder } from "../support.ts";

/** A PDF with a page of 200x300 points for each text, red square in its lower half, made by canvas. */
function drawnPdf(texts: readonly string[]): Buffer {
  const document = new PDFDocument();
  for (const text of texts) {
    const context = document.beginPage(200, 300);
    context.fillStyle = "#000";
    context.font = "20px sans-serif";
    context.fillText(text, 10, 40);
    context.fillStyle = "#f00";
    context.fillRect(50, 200, 100, 50);
    document.endPage();
  }
  return document.close();
}

type Encryption = { readonly user: string; readonly owner: string };

/** A PDF written by hand: one page of 200x100 points with `content`, encrypted (40-bit RC4) on demand. */
function handPdf(content: string, encryption?: Encryption): Buffer {
  const id = Buffer.alloc(16, 7);
  const crypt = encryption && standardHandler(encryption, id);
  const stream = crypt
    ? crypt.encrypt(4, Buffer.from(content, "latin1"))
    : Buffer.from(content, "latin1");
  const hex = (bytes: Buffer): string => `<${bytes.toString("hex")}>`;
  const bodies: (string | Buffer)[] = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> /XObject << /Missing 99 0 R >> >> >>",
    Buffer.concat([
      Buffer.from(`<< /Length ${stream.length} >>\nstream\n`),
      stream,
      Buffer.from("\nendstream"),
    ]),
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  if (crypt)
    bodies.push(`<< /Filter /Standard /V 1 /R 2 /O ${hex(crypt.o)} /U ${hex(crypt.u)} /P -4 >>`);
  let file = Buffer.from("%PDF-1.4\n");
  const offsets = bodies.map((body, i) => {
    const at = file.length;
    file = Buffer.concat([
      file,
      Buffer.from(`${i + 1} 0 obj\n`),
      Buffer.from(body),
      Buffer.from("\nendobj\n"),
    ]);
    return at;
  });
  const table = offsets.map((at) => `${String(at).padStart(10, "0")} 00000 n \n`).join("");
  const encrypt = crypt ? ` /Encrypt ${bodies.length} 0 R /ID [${hex(id)} ${hex(id)}]` : "";
  const size = bodies.length + 1;
  const tail = `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R${encrypt} >>\nstartxref\n${file.length}\n%%EOF\n`;
  return Buffer.concat([file, Buffer.from(tail)]);
}

/** The standard security handler, revision 2 (PDF 1.7 reference, algorithms 3.1 to 3.4). */
function standardHandler({ user, owner }: Encryption, id: Buffer) {
  const padding = Buffer.from(
    "28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a",
    "hex",
  );
  const pad = (password: string): Buffer =>
    Buffer.concat([Buffer.from(password), padding]).subarray(0, 32);
  const md5 = (...parts: Buffer[]): Buffer =>
    createHash("md5").update(Buffer.concat(parts)).digest();
  const o = rc4(md5(pad(owner)).subarray(0, 5), pad(user));
  const permissions = Buffer.alloc(4);
  permissions.writeInt32LE(-4);
  const key = md5(pad(user), o, permissions, id).subarray(0, 5);
  const encrypt = (object: number, bytes: Buffer): Buffer =>
    rc4(md5(key, Buffer.from([object, 0, 0, 0, 0])).subarray(0, 10), bytes);
  return { o, u: rc4(key, padding), encrypt };
}

function rc4(key: Buffer, data: Buffer): Buffer {
  const s = Uint8Array.from({ length: 256 }, (_, i) => i);
  const swap = (a: number, b: number): void => {
    [s[a], s[b]] = [s[b]!, s[a]!];
  };
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + s[i]! + key[i % key.length]!) & 255;
    swap(i, j);
  }
  let [i, j] = [0, 0];
  return Buffer.from(
    data.map((value) => {
      i = (i + 1) & 255;
      j = (j + s[i]!) & 255;
      swap(i, j);
      return value ^ s[(s[i]! + s[j]!) & 255]!;
    }),
  );
}

const HELLO = "BT /F 24 Tf 20 40 Td (Hello PDF) Tj ET";

test("pages come as pictures of the width asked for, with their text", async () => {
  const file = put(temporaryFolder(), "a.pdf", drawnPdf(["First page", "Second page"]));
  const pages = await readPdfPages(file, { width: 100 });
  expect(pages.map(({ number, width, height, text }) => [number, width, height, text])).toEqual([
    [1, 100, 150, "First page"],
    [2, 100, 150, "Second page"],
  ]);
  const { data, info } = await sharp(pages[0]!.png)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number): number[] => [
    ...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3),
  ];
  expect([info.width, info.height]).toEqual([100, 150]);
  expect(at(50, 112)).toEqual([255, 0, 0]);
  expect(at(5, 145)).toEqual([255, 255, 255]);
});

test("only the pages asked for are drawn", async () => {
  const file = put(temporaryFolder(), "a.pdf", drawnPdf(["one", "two", "three"]));
  const pages = await readPdfPages(file, { width: 50, pages: [3, 1] });
  expect(pages.map(({ text }) => text)).toEqual(["three", "one"]);
  await expect(readPdfPages(file, { pages: [4] })).rejects.toThrow(
    "a.pdf: page is 4, expected a page number from 1 to 3",
  );
  await expect(readPdfPages(file, { width: 0 })).rejects.toThrow(
    "width must be an integer in [1, 8192], got 0",
  );
});

test("standard fonts are drawn without fonts of the system", async () => {
  const file = put(temporaryFolder(), "a.pdf", handPdf(HELLO));
  const [page] = await readPdfPages(file, { width: 200 });
  expect(page!.text).toBe("Hello PDF");
  const { data } = await sharp(page!.png).greyscale().raw().toBuffer({ resolveWithObject: true });
  const dark = data.reduce((count, value) => count + Number(value < 128), 0);
  expect(dark).toBeGreaterThan(200);
});

test("an encrypted PDF is named as such; one with an empty user password opens", async () => {
  const root = temporaryFolder();
  const locked = put(root, "locked.pdf", handPdf(HELLO, { user: "secret", owner: "boss" }));
  await expect(readPdfPages(locked)).rejects.toThrow(
    "locked.pdf: expected a PDF without a password (this one is encrypted)",
  );
  const open = put(root, "open.pdf", handPdf(HELLO, { user: "", owner: "boss" }));
  const [page] = await readPdfPages(open, { width: 100 });
  expect(page!.text).toBe("Hello PDF");
});

test("a broken, truncated, empty or missing PDF is an error that names the file", async () => {
  const root = temporaryFolder();
  const whole = drawnPdf(["page"]);
  const cases: [string, Uint8Array, string][] = [
    ["junk.pdf", Buffer.from("no pdf"), "expected a PDF that opens (Invalid PDF structure.)"],
    [
      "cut.pdf",
      whole.subarray(0, whole.length >> 1),
      "expected a PDF that opens (Invalid PDF structure.)",
    ],
    [
      "empty.pdf",
      new Uint8Array(),
      "expected a PDF that opens (The PDF file is empty, i.e. its size is zero bytes.)",
    ],
  ];
  for (const [name, bytes, message] of cases) {
    await expect(readPdfPages(put(root, name, bytes))).rejects.toThrow(`${name}: ${message}`);
  }
  await expect(readPdfPages(`${root}/none.pdf`)).rejects.toThrow(
    "none.pdf: expected a readable file (ENOENT",
  );
});

test("a page that refers to what is not there is named; lenient draws what it can", async () => {
  const file = put(temporaryFolder(), "a.pdf", handPdf(`${HELLO} /Missing Do`));
  await expect(readPdfPages(file)).rejects.toThrow(
    "a.pdf: page 1: expected a page that can be drawn",
  );
  expect((await readPdfPages(file, { lenient: true }))[0]!.text).toContain("Hello PDF");
});

test("bad documents of a batch are reported by id, the rest goes on", async () => {
  const root = temporaryFolder();
  const samples = [
    { id: "first", path: put(root, "a.pdf", drawnPdf(["one"])) },
    { id: "locked", path: put(root, "b.pdf", handPdf(HELLO, { user: "x", owner: "y" })) },
    { id: "junk", path: put(root, "c.pdf", "junk") },
    { id: "last", path: put(root, "d.pdf", handPdf(HELLO)) },
  ];
  const { ok, failures } = await decodeBatch(samples, ({ path }) =>
    readPdfPages(path, { width: 40 }),
  );
  expect([...ok].map(([id, pages]) => [id, pages[0]!.text])).toEqual([
    ["first", "one"],
    ["last", "Hello PDF"],
  ]);
  expect(failures.map(({ id }) => id)).toEqual(["locked", "junk"]);
  expect(failures[0]!.error.message).toContain("encrypted");
});

test("the same id twice in a batch is refused", async () => {
  await expect(decodeBatch([{ id: "a" }, { id: "a" }], async () => 1)).rejects.toThrow(
    "decodeBatch: sample a appears twice",
  );
});
