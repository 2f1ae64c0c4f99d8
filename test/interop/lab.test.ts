import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { isAbsolute, join } from "node:path";
import { expect, test } from "vitest";
import { prepareLab } from "../../src/cli/commands/lab.ts";

const project = join(import.meta.dirname, "../../.cache/interop/lab-project");

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

test("the environment is made once and knows the kernel; JupyterLab serves it with ours as default", async () => {
  mkdirSync(join(project, "notebooks"), { recursive: true });
  const folder = await prepareLab({ project });
  const start = performance.now();
  await prepareLab({ project });
  expect(performance.now() - start).toBeLessThan(10_000);

  const list = spawnSync(join(folder, "bin/jupyter"), ["kernelspec", "list", "--json"], {
    encoding: "utf8",
  });
  const { kernelspecs } = JSON.parse(list.stdout) as {
    kernelspecs: Record<string, { resource_dir: string; spec: { argv: string[] } }>;
  };
  expect(kernelspecs["rzenlab"]!.resource_dir).toBe(join(folder, "share/jupyter/kernels/rzenlab"));
  const files = kernelspecs["rzenlab"]!.spec.argv.filter((each) => isAbsolute(each));
  expect(files).toHaveLength(2); // Node and the kernel
  for (const path of files) expect(existsSync(path)).toBe(true);

  const port = await freePort();
  const command = join(import.meta.dirname, "../../bin/rzenlab.js");
  const args = ["--no-browser", "--allow-root", `--port=${port}`, "--IdentityProvider.token=t"];
  const server = spawn(process.execPath, [command, "lab", ...args], {
    cwd: project,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  server.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  try {
    const get = async (path: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/${path}`, { headers: { authorization: "token t" } });
    await expect
      .poll(
        () =>
          get("api/status").then(
            ({ status }) => status,
            () => log,
          ),
        { timeout: 60_000, interval: 500 },
      )
      .toBe(200);
    const specs = (await (await get("api/kernelspecs")).json()) as { default: string };
    expect(specs.default).toBe("rzenlab");
    expect((await get("api/contents/notebooks")).status).toBe(200);
    expect(await (await get("lab/tree/notebooks")).text()).toContain("JupyterLab");
  } finally {
    server.kill("SIGTERM");
    await once(server, "exit");
  }
}, 1_200_000);
