import { canonicalJson, hashText } from "../system/files.ts";
import { crossCheck } from "./cross-checks.ts";
import type { LoadedConfig } from "./last-good.ts";
import { type ConfigInput, parseConfig } from "./parse-config.ts";
import { configSchema } from "./schema.ts";

/**
 * Parses and checks the text of a `cbi.yaml`. Throws a `ConfigFailure`. In a file of its own, so that
 * it is loaded, with the parser and the schema, only when no run has kept the values.
 */
export function loadConfig(
  input: Omit<ConfigInput<typeof configSchema>, "schema" | "crossCheck">,
): LoadedConfig {
  const parsed = parseConfig({ ...input, schema: configSchema, crossCheck });
  return { ...parsed, configHash: hashText(canonicalJson(parsed.config)) };
}
