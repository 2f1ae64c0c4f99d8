import { existsSync, readdirSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { refused, startServer, type TestServer } from "./support.ts";

const PROXY = "/api/2.0/mlflow-artifacts/artifacts";
const put = (server: TestServer, path: string, body: string | Uint8Array<ArrayBuffer>) =>
  server.call("PUT", `${PROXY}/${path}`, { body });

/** fetch() tidies paths before it sends them; this sends them as they are. */
function raw(
  server: TestServer,
  method: string,
  path: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.base);
    const call = request({ hostname, port, method, path }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode!, text }));
    });
    call.on("error", reject);
    call.end();
  });
}

test("files of a run are put, listed, read and deleted, and are the store's artifacts", async () => {
  const server = await startServer();
  const run_id = await server.run();
  const root = `0/${run_id}/artifacts`;
  expect((await put(server, `${root}/notes.txt`, "hello")).body).toEqual({});
  await put(server, `${root}/images/a%25step%250.png`, new Uint8Array([1, 2, 3]));
  await put(server, `${root}/empty.bin`, "");
  expect((await server.get("/artifacts/list", { run_id })).body).toEqual({
    root_uri: `mlflow-artifacts:/0/${run_id}/artifacts`,
    files: [
      { path: "empty.bin", is_dir: false, file_size: 0 },
      { path: "images", is_dir: true },
      { path: "notes.txt", is_dir: false, file_size: 5 },
    ],
  });
  const inImages = await server.get("/artifacts/list", { run_id, path: "images" });
  expect(inImages.body.files).toEqual([
    { path: "images/a%step%0.png", is_dir: false, file_size: 3 },
  ]);
  const proxied = await server.call("GET", `${PROXY}?path=${root}/images`);
  expect(proxied.body).toEqual({ files: [{ path: "a%step%0.png", is_dir: false, file_size: 3 }] });

  const file = await server.call("GET", `${PROXY}/${root}/notes.txt`);
  expect(file.body).toBe("hello");
  expect(file.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(file.headers.get("content-disposition")).toBe("attachment; filename*=UTF-8''notes.txt");
  expect(server.store.artifacts(run_id).map(({ path, bytes }) => [path, bytes])).toEqual([
    ["empty.bin", 0],
    ["images/a%step%0.png", 3],
    ["notes.txt", 5],
  ]);
  expect(server.store.readArtifact(run_id, "notes.txt").toString()).toBe("hello");

  await put(server, `${root}/notes.txt`, "again");
  expect((await server.call("GET", `/get-artifact?run_id=${run_id}&path=notes.txt`)).body).toBe(
    "again",
  );
  expect((await server.call("DELETE", `${PROXY}/${root}/images`)).body).toEqual({});
  expect((await server.call("DELETE", `${PROXY}/${root}/images`)).status).toBe(404);
  expect(server.store.artifacts(run_id).map(({ path }) => path)).toEqual([
    "empty.bin",
    "notes.txt",
  ]);
});

test("files outside of runs, of models and of browsers' uploads have their places", async () => {
  const server = await startServer();
  await put(server, "some/where/x.txt", "free");
  expect((await server.call("GET", `${PROXY}/some/where/x.txt`)).body).toBe("free");
  expect((await server.call("GET", `${PROXY}?path=some`)).body.files).toEqual([
    { path: "where", is_dir: true },
  ]);
  const { model } = await server.ok("/logged-models", { experiment_id: "0", name: "m" });
  const id = model.info.model_id;
  await put(server, `0/models/${id}/artifacts/sub/MLmodel`, "flavors");
  const listed = await server.get(`/logged-models/${id}/artifacts/directories`, {
    artifact_directory_path: "sub",
  });
  expect(listed.body.files).toEqual([{ path: "sub/MLmodel", is_dir: false, file_size: 7 }]);
  const file = await server.get(`/logged-models/${id}/artifacts/files`, {
    artifact_file_path: "sub/MLmodel",
  });
  expect(file.body).toBe("flavors");
  const run_id = await server.run();
  const upload = `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${run_id}&path=up.txt`;
  expect((await server.call("POST", upload, { body: "up" })).status).toBe(200);
  expect(server.store.readArtifact(run_id, "up.txt").toString()).toBe("up");
});

test("no path leads out of the store, however it is written", async () => {
  const server = await startServer();
  const run_id = await server.run();
  const root = `0/${run_id}/artifacts`;
  const paths = [
    "../x",
    "..%2Fx",
    "%2e%2e/x",
    "%2e%2e%2fx",
    "%252e%252e%252fx",
    "a/../../../../x",
    "a/%2e%2e/x",
    "/etc/passwd",
    "%2Fetc%2Fpasswd",
    "a%00b",
    "a%5C..%5Cb",
    "..%5Cx",
    "C:%5Cx",
    "a//b",
    "./a",
    "a%23b",
    "%0a",
  ];
  for (const path of paths) {
    for (const method of ["PUT", "GET", "DELETE"]) {
      const { status, text } = await raw(server, method, `${PROXY}/${root}/${path}`);
      expect([method, path, status]).toEqual([method, path, 400]);
      expect(JSON.parse(text).message).toContain("Invalid path");
    }
    const { status } = await raw(
      server,
      "GET",
      `/api/2.0/mlflow/artifacts/list?run_id=${run_id}&path=${path}`,
    );
    expect([path, status]).toEqual([path, 400]);
    const bare = await raw(server, "GET", `${PROXY}?path=${path}`);
    expect([path, bare.status]).toEqual([path, 400]);
  }
  expect(
    readdirSync(server.store.folder).filter((name) => !/^rzenlab\.db|^audit\.log$/.test(name)),
  ).toEqual([]);
});

test("what an artifact holds cannot run as the page's own, and ranges are served", async () => {
  const server = await startServer();
  const run_id = await server.run();
  await put(server, `0/${run_id}/artifacts/page.html`, "<script>alert(1)</script>");
  const url = `/get-artifact?run_id=${run_id}&path=page.html&preview=true`;
  const page = await server.call("GET", url);
  expect(page.headers.get("content-security-policy")).toMatch(/^sandbox; default-src 'none'/);
  expect(page.headers.get("x-content-type-options")).toBe("nosniff");
  expect(page.headers.get("content-disposition")).toContain("inline");
  const ranged = (range: string) => server.call("GET", url, { headers: { range } });
  const part = await ranged("bytes=1-6");
  expect([part.status, part.body, part.headers.get("content-range")]).toEqual([
    206,
    "script",
    "bytes 1-6/25",
  ]);
  expect((await ranged("bytes=-9")).body).toBe("</script>");
  expect((await ranged("bytes=99-")).status).toBe(416);
});

test("an upload that is too large or breaks off leaves nothing", async () => {
  const server = await startServer({ maxArtifactBytes: 100 });
  const run_id = await server.run();
  const path = `0/${run_id}/artifacts/big.bin`;
  expect(refused(await put(server, path, "x".repeat(101)))).toBe(
    "400 BAD_REQUEST: An artifact may have at most 100 bytes",
  );
  await new Promise<void>((resolve) => {
    const { hostname, port } = new URL(server.base);
    const call = request({
      hostname,
      port,
      method: "PUT",
      path: `${PROXY}/${path}`,
      headers: { "content-length": "50" },
    });
    call.on("error", () => resolve());
    call.write("half");
    setTimeout(() => call.destroy(), 100);
  });
  const folder = join(server.store.folder, "artifacts", run_id);
  await expect.poll(() => readdirSync(folder)).toEqual([]);
  expect(existsSync(join(folder, "big.bin"))).toBe(false);
});

test("a file where a folder should be, wrong runs, foreign places and multipart are client's mistakes", async () => {
  const server = await startServer();
  const run_id = await server.run();
  const root = `0/${run_id}/artifacts`;
  await put(server, `${root}/a`, "file");
  expect(refused(await put(server, `${root}/a/b`, "x"))).toContain(
    "400 INVALID_PARAMETER_VALUE: Invalid path",
  );
  expect(refused(await put(server, root, "x"))).toContain("a file's name is missing");
  expect(refused(await server.call("DELETE", `${PROXY}/${root}`))).toContain(
    "a file's name is missing",
  );
  expect(refused(await server.call("GET", `${PROXY}/${root}/none`))).toBe(
    "404 RESOURCE_DOES_NOT_EXIST: No such artifact: 'none'",
  );
  expect((await put(server, `0/${"f".repeat(32)}/artifacts/a`, "x")).status).toBe(404);
  expect(refused(await put(server, `7/${run_id}/artifacts/a`, "x"))).toContain(
    `Run ${run_id} keeps its artifacts in 0, not in 7`,
  );
  const mpu = await server.call("POST", "/api/2.0/mlflow-artifacts/mpu/create/x", { body: "{}" });
  expect(refused(mpu)).toContain("501 NOT_IMPLEMENTED: Multipart uploads");
  for (const way of ["upload", "download"]) {
    const answer = await server.post(`/artifacts/presigned-${way}-url`, { run_id, path: "a" });
    expect(refused(answer)).toContain(
      "501 NOT_IMPLEMENTED: Presigned URLs are for stores in a cloud",
    );
  }
  const presigned = await server.call("GET", "/api/2.0/mlflow-artifacts/presigned/a/b");
  expect(refused(presigned)).toContain("501 NOT_IMPLEMENTED");
  const { experiment_id } = await server.ok("/experiments/create", {
    name: "s3",
    artifact_location: "s3://bucket/x",
  });
  const away = await server.run({ experiment_id });
  expect((await server.get("/runs/get", { run_id: away })).body.run.info.artifact_uri).toBe(
    `s3://bucket/x/${away}/artifacts`,
  );
  expect(refused(await server.get("/artifacts/list", { run_id: away }))).toContain(
    "lie in s3://bucket/x, which this server does not serve",
  );
});
