/** @file The command line: a table of commands, each loaded only when called. */
import { Command, CommanderError } from "commander";
import { readFileSync } from "node:fs";
import { DEFAULT_PORTS } from "../tracking/running.ts";
import { UsageError } from "./usage.ts";

/** Where runs, data and reports are kept, unless `--home` says otherwise. */
export const DEFAULT_HOME = ".rzenlab";

export type GlobalOptions = { readonly home: string; readonly json?: boolean };

function version(): string {
  const manifest = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}

function buildProgram(): Command {
  const program = new Command("rzenlab")
    .description("Research workbench for universal multimodal embeddings.")
    .version(version())
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      "after",
      "\nResults go to stdout, progress to stderr. Exit codes: 0 ok, 1 failure, 2 bad usage.",
    );
  const command = (usage: string, description: string): Command =>
    program
      .command(usage)
      .description(description)
      .option("--home <folder>", "where data, runs and reports are kept", DEFAULT_HOME)
      .option("--json", "print the result as one JSON document on stdout")
      .exitOverride();

  const deviceOption = [
    "--device <name>",
    "what computes: auto, cpu, openvino, cuda, webgpu, wasm, tfjs or reference; the config's if absent",
  ] as const;

  command(
    "quickstart",
    "prepare data, run the quick ablations over 5 seeds, write and show the report",
  )
    .option("--seeds <n>", "seeds per configuration", "5")
    .option("--no-serve", "do not serve the report when on a terminal")
    .action(async (options) => (await import("./commands/quickstart.ts")).quickstart(options));

  const data = program
    .command("data")
    .description("the embedded benchmark mini-MMEB")
    .exitOverride();
  const onData = (name: "prepare" | "verify", text: string): Command =>
    data
      .command(name)
      .description(text)
      .option("--home <folder>", "where data, runs and reports are kept", DEFAULT_HOME)
      .option("--json", "print the result as one JSON document on stdout")
      .exitOverride()
      .action(async (options) => (await import("./commands/data.ts"))[name](options));
  onData("prepare", "build mini-MMEB from the installed npm packages (cached)").option(
    "--pretraining",
    "build it with the pretraining pool, as stage 1 reads it",
  );
  onData("verify", "recompute counts and digests of the prepared data");

  command(
    "train <recipe> [overrides...]",
    "train one run; overrides are key=value, e.g. loss.alpha=9 device=auto",
  )
    .option("--experiment <name>", "experiment the run is stored under", "default")
    .action(async (recipe, overrides, options) =>
      (await import("./commands/train.ts")).train(recipe, overrides, options),
    );
  command("resume <run>", "go on with an interrupted run from its last checkpoint").action(
    async (run, options) => (await import("./commands/train.ts")).resume(run, options),
  );
  command(
    "ablate <grid>",
    "run a grid of configurations over several seeds; finished runs are reused",
  )
    .option("--seeds <n>", "seeds per configuration", "5")
    .option("--jobs <n>", "runs at the same time", "1")
    .option("--force", "run again what is already stored")
    .option(
      "--experiment <name>",
      "experiment the runs are stored under; the grid's name if absent",
    )
    .option(...deviceOption)
    .action(async (grid, options) => (await import("./commands/ablate.ts")).ablate(grid, options));
  command("soup <runs...>", "merge the weights of several runs and score the result")
    .option("--method <name>", "uniform, weighted or greedy", "uniform")
    .option("--merge <name>", "delta or factors (LoRA adapters)", "delta")
    .option("--weights <list>", "comma-separated weights for --method weighted")
    .option("--experiment <name>", "experiment the soup is stored under", "soups")
    .action(async (runs, options) => (await import("./commands/soup.ts")).soup(runs, options));
  command("eval <target>", "score a run or a checkpoint file on every test task")
    .option(...deviceOption)
    .action(async (target, options) =>
      (await import("./commands/eval.ts")).evaluate(target, options),
    );
  command("runs", "list stored runs")
    .option("--experiment <name>", "only this experiment")
    .option("--status <status>", "only runs of this status")
    .option("--limit <n>", "at most this many", "50")
    .action(async (options) => (await import("./commands/runs.ts")).runs(options));
  command("report <experiment>", "write the ablation report of an experiment")
    .option("--format <name>", "html, md, json or latex", "html")
    .option("--out <file>", "where to write it; stdout for md, json and latex if absent")
    .action(async (experiment, options) =>
      (await import("./commands/report.ts")).report(experiment, options),
    );
  command(
    "export <run> <target>",
    "write the encoder of a run or weights file as a folder for onnxruntime and Hugging Face, or as one .onnx file",
  )
    .option("--input <kind>", "of a .onnx file: text, image, video or page (default text)")
    .option("--batch <n>", "of a .onnx file: inputs a call (default 1)")
    .option(
      "--tokens <n>",
      "of a .onnx file: length of the token sequence, vision included (default 64)",
    )
    .action(async (run, target, options) =>
      (await import("./commands/export.ts")).exportRun(run, target, options),
    );
  command("import-runs <path>", "import runs of MLflow, TensorBoard or Weights & Biases")
    .option("--format <name>", "auto, mlflow (SQLite), mlruns, tensorboard or wandb (CSV)", "auto")
    .option(
      "--experiment <name>",
      "for tensorboard and wandb; the folder's or file's name if absent",
    )
    .option("--artifacts <folder>", "for mlflow: what mlflow-artifacts:/ stands for")
    .action(async (path, options) =>
      (await import("./commands/transfer.ts")).importFrom(path, options),
    );
  command("export-runs [experiments...]", "write runs to an mlruns folder or an MLflow server")
    .requiredOption("--to <place>", "a folder, or the server's http address")
    .option("--token <token>", "for the server; MLFLOW_TRACKING_TOKEN if absent")
    .action(async (experiments, options) =>
      (await import("./commands/transfer.ts")).exportTo(experiments, options),
    );
  program
    .command("lab [arguments...]")
    .description(
      "start JupyterLab with our kernel; the first time makes .rzenlab/lab here. Arguments go to jupyter lab, e.g. --no-browser",
    )
    .allowUnknownOption()
    .exitOverride()
    .action(async (args) => {
      const { lab } = await import("./commands/lab.ts");
      const say = (text: string): void => void process.stderr.write(`lab: ${text}\n`);
      const code = await lab({ project: process.cwd(), args, say });
      if (code !== 0) throw new Error(`lab: jupyter lab ended with exit code ${code}`);
    });
  const notebook = program
    .command("notebook")
    .description("notebooks without a front end")
    .exitOverride();
  notebook
    .command("run <notebook> [parameters...]")
    .description("execute a notebook with our kernel; parameters are name=value, e.g. steps=100")
    .option("--out <file>", "where to write the executed copy")
    .option("--portable", "of figures and galleries keep the picture alone, as code hosts show it")
    .option("--home <folder>", "where data and runs are kept; the notebook's .rzenlab if absent")
    .option("--json", "print the result as one JSON document on stdout")
    .exitOverride()
    .action(async (file, parameters, options) =>
      (await import("./commands/notebook.ts")).run(file, parameters, options),
    );
  const store = program.command("store").description("the run store's file").exitOverride();
  for (const [name, text] of [
    ["gc", "remove deleted runs and experiments for ever"],
    ["optimize", "seal long series, rewrite the file without holes"],
  ] as const) {
    const sub = store
      .command(name)
      .description(text)
      .option("--home <folder>", "where data, runs and reports are kept", DEFAULT_HOME)
      .option("--json", "print the result as one JSON document on stdout")
      .exitOverride()
      .action(async (options) => (await import("./commands/store.ts"))[name](options));
    if (name === "gc") sub.option("--older-than <days>", "only what was deleted so long ago", "0");
  }
  command("ui", "the tracker's pages over this home's runs, in the browser")
    .option("--port <n>", "port to listen on; 0 is any free one", String(DEFAULT_PORTS.ui))
    .option("--store <path>", "folder of the store; the home's if absent")
    .option("--no-open", "do not open the browser")
    .action(async (options) => (await import("./commands/ui.ts")).ui(options));
  const storeOption = ["--store <path>", "folder of the store; the home's if absent"] as const;
  command("server", "serve the store over MLflow's API, and its pages, until Ctrl-C")
    .option(...storeOption)
    .option("--port <n>", "port; 0 for a free one", String(DEFAULT_PORTS.server))
    .option(
      "--host <address>",
      "address to listen on; others than loopback need tokens",
      "127.0.0.1",
    )
    .option("--allow-host <name...>", "further names that clients reach it by")
    .option("--auth", "ask for tokens on loopback too")
    .option(
      "--allow-private-webhooks",
      "let webhooks go to this machine and its network, and by http",
    )
    .action(async (options) => {
      const [{ server, storeFolder }, { uiPages }] = await Promise.all([
        import("./commands/server.ts"),
        import("./pages.ts"),
      ]);
      await server(options, await uiPages(options.home, storeFolder(options)));
    });
  const token = program.command("token").description("who may use the server").exitOverride();
  const tokenCommand = (usage: string, description: string): Command =>
    token
      .command(usage)
      .description(description)
      .option("--home <folder>", "where data, runs and reports are kept", DEFAULT_HOME)
      .option("--json", "print the result as one JSON document on stdout")
      .option(...storeOption)
      .exitOverride();
  tokenCommand("add <name>", "make a token and show it once")
    .requiredOption("--role <role>", "viewer, logger or admin")
    .action(async (name, options) =>
      (await import("./commands/server.ts")).addToken(name, options),
    );
  tokenCommand("remove <name>", "take a token away, at once").action(async (name, options) =>
    (await import("./commands/server.ts")).removeToken(name, options),
  );
  tokenCommand("list", "names and roles").action(async (options) =>
    (await import("./commands/server.ts")).listTokens(options),
  );
  command("backup <folder>", "copy the store, also while others write to it")
    .option(...storeOption)
    .action(async (folder, options) =>
      (await import("./commands/server.ts")).backup(folder, options),
    );
  command("restore <folder>", "put a backup where there is no store")
    .option(...storeOption)
    .action(async (folder, options) =>
      (await import("./commands/server.ts")).restore(folder, options),
    );
  command("doctor", "what works on this machine, and how to get the rest").action(async (options) =>
    (await import("./commands/doctor.ts")).doctor(options),
  );
  const kernel = program
    .command("kernel")
    .description("the TypeScript kernel for Jupyter")
    .exitOverride();
  for (const [name, text] of [
    ["install", "tell Jupyter of the kernel"],
    ["uninstall", "remove what install wrote"],
  ] as const) {
    kernel
      .command(name)
      .description(text)
      .option("--user", "for this user (the default)")
      .option("--sys-prefix", "into the environment of --python, such as an active venv")
      .option("--prefix <folder>", "into <folder>/share/jupyter")
      .option("--jupyter-path <folder>", "into a folder to be named in JUPYTER_PATH")
      .option("--python <file>", "the Python that --sys-prefix asks", "python3")
      .option("--json", "print the result as one JSON document on stdout")
      .exitOverride()
      .action(async (options) => (await import("./commands/kernel.ts"))[name](options));
  }
  kernel
    .command("run <connection-file>")
    .description("serve a kernel, as Jupyter asks for it")
    .exitOverride()
    .action(async (file) => (await import("./commands/kernel.ts")).run(file));
  return program;
}

/**
 * Runs one command line.
 *
 * @param argv arguments after the program's name
 * @returns the exit code: 0 ok, 1 failure, 2 bad usage
 */
export async function main(argv: readonly string[]): Promise<number> {
  const program = buildProgram();
  try {
    if (argv.length === 0) {
      program.outputHelp({ error: true });
      return 2;
    }
    await program.parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof UsageError) {
      process.stderr.write(`rzenlab: ${error.message}\n`);
      return 2;
    }
    process.stderr.write(`rzenlab: ${describe(error)}\n`);
    return 1;
  }
}

/** Message and causes; the stack only when RZENLAB_DEBUG asks for it. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (process.env["RZENLAB_DEBUG"]) return error.stack ?? error.message;
  const cause = error.cause === undefined ? "" : `\n  caused by: ${describe(error.cause)}`;
  return error.message + cause;
}
