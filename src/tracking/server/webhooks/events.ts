/** @file What webhooks are told of, with payloads as MLflow sends them. */

/** Each event, as `entity.action`, with the data that a test of it sends. */
const EXAMPLES = {
  "registered_model.created": {
    name: "example_model",
    tags: { example_key: "example_value" },
    description: "An example registered model",
  },
  "model_version.created": {
    name: "example_model",
    version: "1",
    source: "models:/123",
    run_id: "abcd1234abcd5678",
    tags: { example_key: "example_value" },
    description: "An example model version",
  },
  "model_version_tag.set": {
    name: "example_model",
    version: "1",
    key: "example_key",
    value: "example_value",
  },
  "model_version_tag.deleted": { name: "example_model", version: "1", key: "example_key" },
  "model_version_alias.created": { name: "example_model", alias: "example_alias", version: "1" },
  "model_version_alias.deleted": { name: "example_model", alias: "example_alias" },
  "prompt.created": {
    name: "example_prompt",
    tags: { example_key: "example_value" },
    description: "An example prompt",
  },
  "prompt_version.created": {
    name: "example_prompt",
    version: "1",
    template: "Hello {{name}}!",
    tags: { example_key: "example_value" },
    description: "An example prompt version",
  },
  "prompt_tag.set": { name: "example_prompt", key: "example_key", value: "example_value" },
  "prompt_tag.deleted": { name: "example_prompt", key: "example_key" },
  "prompt_version_tag.set": {
    name: "example_prompt",
    version: "1",
    key: "example_key",
    value: "example_value",
  },
  "prompt_version_tag.deleted": { name: "example_prompt", version: "1", key: "example_key" },
  "prompt_alias.created": { name: "example_prompt", alias: "example_alias", version: "1" },
  "prompt_alias.deleted": { name: "example_prompt", alias: "example_alias" },
} as const satisfies Record<string, Payload>;

export type Payload = Readonly<Record<string, unknown>>;
export type EventName = keyof typeof EXAMPLES;
export const EVENTS = Object.keys(EXAMPLES) as EventName[];

export function exampleOf(event: EventName): Payload {
  return EXAMPLES[event];
}

export const PROMPT_TAG = "mlflow.prompt.is_prompt";
const PROMPT_TEXT_TAG = "mlflow.prompt.text";
/** Tags that only mark prompts. */
const INTERNAL = new Set([PROMPT_TAG, PROMPT_TEXT_TAG, "_mlflow_prompt_type"]);

/** An event of a registered model, or of the prompt that it is: prompts are models with a tag. */
export function registryEvent(
  event: RegistryEvent,
  payload: Payload,
  isPrompt: boolean,
): { readonly event: EventName; readonly payload: Payload } | undefined {
  if (!isPrompt) return event in EXAMPLES ? { event: event as EventName, payload } : undefined;
  const name = event
    .replace(/^(?:registered_model|model)/, "prompt")
    .replace("_version_alias", "_alias");
  const { source: _source, run_id: _run, tags, ...rest } = payload;
  if (tags === undefined) return { event: name as EventName, payload: rest };
  const given = tags as Readonly<Record<string, string>>;
  const own = Object.entries(given).filter(([key]) => !INTERNAL.has(key));
  const template = event === "model_version.created" && {
    template: given[PROMPT_TEXT_TAG] ?? null,
  };
  return {
    event: name as EventName,
    payload: { ...rest, ...template, tags: Object.fromEntries(own) },
  };
}

/** Tags of models themselves are told of prompts only. */
export type RegistryEvent =
  | "registered_model.created"
  | `registered_model_tag.${"set" | "deleted"}`
  | "model_version.created"
  | `model_version_tag.${"set" | "deleted"}`
  | `model_version_alias.${"created" | "deleted"}`;
