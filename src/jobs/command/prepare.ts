import path from "node:path";
import type { CommandJob } from "../../config/jobs-schema.ts";
import type { ExpansionValues } from "../../config/expansion.ts";
import { filledIn, pathIn } from "../values.ts";
import { attemptEnvironment, factVariables } from "./environment.ts";
import type { ProcessStart } from "./supervise.ts";

/** What a start is made of, besides the job's own settings. */
export interface StartSources {
  values: ExpansionValues;
  isCatchUp: boolean;
  inherited: Readonly<Record<string, string | undefined>>;
  secrets: Readonly<Record<string, string>>;
  /** Words of a person's, after all others and as they stand. */
  extraArguments: readonly string[];
}

/** The keys of a job that say how its program is started. */
export type StartSettings = Pick<CommandJob, "argv" | "env" | "env_defaults"> & {
  cwd?: string | undefined;
};

/** The program of an attempt with its values filled in. Throws `CBI_NO_VALUE`. */
export function startOf(settings: StartSettings, sources: StartSources): ProcessStart {
  const { values, inherited, secrets, isCatchUp, extraArguments } = sources;
  const [program = "", ...args] = settings.argv.map((word) => filledIn(word, values));
  const filled = (variables: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(variables).map(([name, text]) => [name, filledIn(text, values)] as const),
    );
  return {
    argv: [program, ...args, ...extraArguments],
    environment: attemptEnvironment({
      defaults: filled(settings.env_defaults),
      inherited,
      secrets,
      overrides: filled(settings.env),
      facts: factVariables(values, isCatchUp),
    }),
    workingDirectory:
      settings.cwd === undefined ? path.resolve(values.home) : pathIn(settings.cwd, values),
  };
}
