/** @file Starts the app: one query cache, one router, live updates. */
import "./locale.ts"; // before whatever formats numbers
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { followStore } from "./live.ts";
import { router } from "./router.tsx";
import { applyTheme } from "./theme.ts";
import "./theme.css";

const cache = new QueryClient({
  defaultOptions: { queries: { staleTime: Infinity, retry: 1, refetchOnWindowFocus: false } },
});
followStore(cache);
applyTheme();

createRoot(document.querySelector("#root")!).render(
  <StrictMode>
    <QueryClientProvider client={cache}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
