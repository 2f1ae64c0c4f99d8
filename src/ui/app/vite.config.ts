/** @file Builds the browser code into dist/ui; `npm run build:ui`. */
import react from "@vitejs/plugin-react";
import { resolve } from "node:path";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: resolve(import.meta.dirname, "../../../dist/ui"),
    emptyOutDir: true,
    // Plotly alone is 4.5 MB; it is loaded by the first page that has a figure.
    chunkSizeWarningLimit: 6_000,
  },
});
