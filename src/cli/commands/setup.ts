import { setUpWorkers } from "../../install/set-up-workers.ts";
import { ExitCode } from "../../system/exit-code.ts";
import type { SetupResult } from "../../workers/setup/set-up.ts";
import { type Command, jsonOption } from "../command.ts";

/** `cbi setup`: the Python environment of the workers, made once for all homes. */
export const command: Command = {
  words: ["setup"],
  summary: "Make the workers' Python environment and prove that it trains",
  description:
    "Builds a virtual environment from a lock file with hashes, in cbi's own folder or in\n" +
    "$CBI_PYTHON_ENV, and trains LightGBM and XGBoost in it once. Needs Python 3.11 or later.\n" +
    "Run again it only proves what stands. uv is taken from the PATH or brought by pip.",
  options: [
    { flags: "--force", summary: "make the environment anew even if one stands" },
    jsonOption,
  ],
  examples: [
    { line: "cbi setup", says: "make the environment, or prove the one that stands" },
    { line: "cbi setup --force", says: "make it anew, when it seems damaged" },
  ],
  exits: [
    { code: ExitCode.done, when: "the environment stands and has trained" },
    { code: ExitCode.failed, when: "something is missing; the message names it and the command" },
    { code: ExitCode.unavailable, when: "the package registry cannot be reached" },
    { code: ExitCode.interrupted, when: "stopped by Ctrl-C or SIGTERM" },
  ],

  async run(context, { options }) {
    const startedAt = context.clock.monotonic();
    const result = await setUpWorkers(
      { isForced: options["force"] === true },
      { ...context, platform: process.platform },
    );
    const seconds = Math.round((context.clock.monotonic() - startedAt) / 100) / 10;
    context.write(options["json"] === true ? asJson(result, seconds) : asText(result, seconds));
    return ExitCode.done;
  },
};

function asText(result: SetupResult, seconds: number): string {
  const { lightgbm, xgboost, python } = result.versions;
  const what = result.isReused ? "stands and was proven again" : "was made and proven";
  return (
    `The workers' environment ${what} in ${seconds} s: ` +
    `LightGBM ${lightgbm} and XGBoost ${xgboost} on Python ${python}\n${result.directory}\n`
  );
}

function asJson(result: SetupResult, seconds: number): string {
  return `${JSON.stringify({
    directory: result.directory,
    python: result.python,
    versions: result.versions,
    proven_at: result.provenAt,
    reused: result.isReused,
    seconds,
  })}\n`;
}
