/** @file The store's tables. MIGRATIONS is append-only: a released entry is never edited. */

/** Marks the file as ours in its header ("RzLb"). */
export const APPLICATION_ID = 0x52_7a_4c_62;

/**
 * Entry i takes a file from `PRAGMA user_version` i to i + 1.
 *
 * A metric value is ANY: SQLite has no NaN (it turns one into NULL), so NaN is the text 'NaN', which
 * sorts above every number, as it should in "latest"; infinities are REAL. `points` has no foreign
 * key: checking it would cost a look-up for each point, and series ids are never used twice.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE experiments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    artifact_location TEXT,
    lifecycle TEXT NOT NULL DEFAULT 'active' CHECK (lifecycle IN ('active', 'deleted')),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE experiment_tags (
    experiment INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (experiment, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE runs (
    serial INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    experiment INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    user TEXT NOT NULL,
    status TEXT NOT NULL
      CHECK (status IN ('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED')),
    start_time INTEGER NOT NULL,
    end_time INTEGER,
    lifecycle TEXT NOT NULL DEFAULT 'active' CHECK (lifecycle IN ('active', 'deleted')),
    deleted_at INTEGER,
    deleted_with_experiment INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX runs_by_start ON runs (experiment, lifecycle, start_time DESC, id);

  CREATE TABLE params (
    run INTEGER NOT NULL REFERENCES runs (serial) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    number REAL,
    PRIMARY KEY (run, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tags (
    run INTEGER NOT NULL REFERENCES runs (serial) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE series (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES runs (serial) ON DELETE CASCADE,
    key TEXT NOT NULL,
    dataset_name TEXT NOT NULL DEFAULT '',
    dataset_digest TEXT NOT NULL DEFAULT '',
    model_id TEXT NOT NULL DEFAULT '',
    count INTEGER NOT NULL DEFAULT 0,
    latest_step INTEGER,
    latest_timestamp INTEGER,
    latest_value ANY,
    least REAL,
    greatest REAL,
    UNIQUE (run, key, dataset_name, dataset_digest, model_id)
  ) STRICT;

  CREATE TABLE points (
    series INTEGER NOT NULL,
    step INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    value ANY NOT NULL,
    PRIMARY KEY (series, step, timestamp, value)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE datasets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    source_type TEXT,
    source TEXT,
    schema TEXT,
    profile TEXT,
    UNIQUE (experiment, name, digest)
  ) STRICT;

  CREATE TABLE inputs (
    run INTEGER NOT NULL REFERENCES runs (serial) ON DELETE CASCADE,
    dataset INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    PRIMARY KEY (run, dataset)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE input_tags (
    run INTEGER NOT NULL,
    dataset INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, dataset, key),
    FOREIGN KEY (run, dataset) REFERENCES inputs (run, dataset) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE evaluations (
    run INTEGER NOT NULL REFERENCES runs (serial) ON DELETE CASCADE,
    benchmark TEXT NOT NULL,
    task TEXT NOT NULL,
    split TEXT NOT NULL,
    metric TEXT NOT NULL,
    value ANY NOT NULL,
    n INTEGER NOT NULL CHECK (n >= 0),
    modality TEXT NOT NULL,
    meta_task TEXT NOT NULL,
    domain TEXT,
    kind TEXT NOT NULL,
    digest TEXT,
    per_query TEXT,
    PRIMARY KEY (run, benchmark, task, split, metric)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE artifacts (
    run INTEGER NOT NULL REFERENCES runs (serial) ON DELETE CASCADE,
    path TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (run, path)
  ) STRICT, WITHOUT ROWID;
  `,
  // Long series: points that are old enough move from rows into column chunks. The pyramid stands
  // before the columns, so that reading it alone leaves their pages untouched.
  `
  ALTER TABLE series ADD COLUMN least_step INTEGER;
  ALTER TABLE series ADD COLUMN greatest_step INTEGER;
  ALTER TABLE series ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE series ADD COLUMN sealed_step INTEGER;
  ALTER TABLE series ADD COLUMN sealed_time INTEGER;
  UPDATE series SET
    least_step = (SELECT step FROM points WHERE series = id AND value = least LIMIT 1),
    greatest_step = (SELECT step FROM points WHERE series = id AND value = greatest LIMIT 1);
  CREATE INDEX series_to_seal ON series (count - sealed) WHERE count - sealed >= 512;

  CREATE TABLE chunks (
    id INTEGER PRIMARY KEY,
    series INTEGER NOT NULL,
    number INTEGER NOT NULL,
    count INTEGER NOT NULL,
    first_step INTEGER NOT NULL,
    first_time INTEGER NOT NULL,
    last_step INTEGER NOT NULL,
    last_time INTEGER NOT NULL,
    in_time_order INTEGER NOT NULL,
    pyramid BLOB NOT NULL,
    steps BLOB NOT NULL,
    times BLOB NOT NULL,
    measured BLOB NOT NULL,
    UNIQUE (series, number)
  ) STRICT;
  `,
  // What an MLflow server keeps beside runs: models, the registry, traces, evaluation data sets; and
  // who may use the server.
  `
  CREATE TABLE models (
    serial INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    experiment INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    type TEXT,
    source_run TEXT,
    status TEXT NOT NULL,
    status_message TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
  ) STRICT;
  CREATE INDEX models_by_time ON models (experiment, created_at DESC);
  CREATE TABLE model_params (
    model INTEGER NOT NULL REFERENCES models (serial) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    number REAL,
    PRIMARY KEY (model, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE model_tags (
    model INTEGER NOT NULL REFERENCES models (serial) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE run_models (
    run INTEGER NOT NULL REFERENCES runs (serial) ON DELETE CASCADE,
    direction TEXT NOT NULL CHECK (direction IN ('input', 'output')),
    model TEXT NOT NULL,
    step INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run, direction, model)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX series_of_model ON series (model_id) WHERE model_id <> '';

  CREATE TABLE registered_models (
    name TEXT PRIMARY KEY,
    description TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE registered_model_tags (
    model TEXT NOT NULL REFERENCES registered_models (name) ON DELETE CASCADE ON UPDATE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE model_versions (
    model TEXT NOT NULL REFERENCES registered_models (name) ON DELETE CASCADE ON UPDATE CASCADE,
    version INTEGER NOT NULL,
    description TEXT,
    user TEXT,
    stage TEXT NOT NULL DEFAULT 'None',
    source TEXT NOT NULL,
    run_id TEXT,
    run_link TEXT,
    model_id TEXT,
    status TEXT NOT NULL DEFAULT 'READY',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (model, version)
  ) STRICT;
  CREATE TABLE model_version_tags (
    model TEXT NOT NULL,
    version INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model, version, key),
    FOREIGN KEY (model, version) REFERENCES model_versions (model, version)
      ON DELETE CASCADE ON UPDATE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE model_aliases (
    model TEXT NOT NULL,
    alias TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (model, alias),
    FOREIGN KEY (model, version) REFERENCES model_versions (model, version)
      ON DELETE CASCADE ON UPDATE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE traces (
    serial INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    experiment INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    request_time INTEGER NOT NULL,
    duration_ms INTEGER,
    state TEXT NOT NULL,
    client_request_id TEXT,
    request_preview TEXT,
    response_preview TEXT
  ) STRICT;
  CREATE INDEX traces_by_time ON traces (experiment, request_time DESC);
  CREATE TABLE trace_tags (
    trace INTEGER NOT NULL REFERENCES traces (serial) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (trace, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE trace_metadata (
    trace INTEGER NOT NULL REFERENCES traces (serial) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (trace, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE trace_runs (
    trace INTEGER NOT NULL REFERENCES traces (serial) ON DELETE CASCADE,
    run TEXT NOT NULL,
    PRIMARY KEY (trace, run)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE assessments (
    id TEXT PRIMARY KEY,
    trace INTEGER NOT NULL REFERENCES traces (serial) ON DELETE CASCADE,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX assessments_of_trace ON assessments (trace, created_at);
  CREATE TABLE spans (
    trace TEXT NOT NULL,
    id TEXT NOT NULL,
    experiment INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    start_ns TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (trace, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE evaluation_datasets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    schema TEXT,
    profile TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    created_by TEXT,
    updated_by TEXT
  ) STRICT;
  CREATE TABLE evaluation_dataset_tags (
    dataset TEXT NOT NULL REFERENCES evaluation_datasets (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (dataset, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE evaluation_dataset_experiments (
    dataset TEXT NOT NULL REFERENCES evaluation_datasets (id) ON DELETE CASCADE,
    experiment INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    PRIMARY KEY (dataset, experiment)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE evaluation_dataset_records (
    serial INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    dataset TEXT NOT NULL REFERENCES evaluation_datasets (id) ON DELETE CASCADE,
    inputs TEXT NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (dataset, inputs)
  ) STRICT;

  CREATE TABLE access_tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'logger', 'admin')),
    hash TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  `,
  // Searches by value, and runs as they are answered. A document is made when its run has ended and
  // goes with the first change of the run, whoever makes it.
  `
  CREATE INDEX series_by_value ON series (key, latest_value, run);
  CREATE INDEX params_by_text ON params (key, substr(value, 1, 40));
  CREATE INDEX params_by_number ON params (key, number) WHERE number IS NOT NULL;
  CREATE INDEX tags_by_text ON tags (key, substr(value, 1, 40));

  CREATE TABLE run_documents (
    run INTEGER PRIMARY KEY REFERENCES runs (serial) ON DELETE CASCADE,
    document TEXT NOT NULL
  ) STRICT;
  ${outdates("runs", ["UPDATE"], "new.serial")}
  ${outdates("params", ["INSERT", "UPDATE"], "new.run")}
  ${outdates("tags", ["INSERT", "UPDATE"], "new.run")}
  ${outdates("tags", ["DELETE"], "old.run")}
  ${outdates("series", ["INSERT", "UPDATE"], "new.run")}
  ${outdates("inputs", ["INSERT"], "new.run")}
  ${outdates("input_tags", ["INSERT", "UPDATE"], "new.run")}
  ${outdates("run_models", ["INSERT", "UPDATE"], "new.run")}
  `,
  // Webhooks of the registry; scorers, which clients keep as text of their own.
  `
  CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    description TEXT,
    secret TEXT, -- as it is: messages are signed with it
    status TEXT NOT NULL CHECK (status IN ('ACTIVE', 'DISABLED')),
    events TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE scorers (
    experiment INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    id TEXT NOT NULL,
    serialized TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (experiment, name, version)
  ) STRICT, WITHOUT ROWID;
  `,
];

/** Triggers that remove a run's document. */
function outdates(table: string, events: readonly string[], run: string): string {
  return events
    .map(
      (event) => `CREATE TRIGGER ${table}_${event.toLowerCase()}_outdates AFTER ${event} ON ${table}
  BEGIN DELETE FROM run_documents WHERE run = ${run}; END;`,
    )
    .join("\n  ");
}
