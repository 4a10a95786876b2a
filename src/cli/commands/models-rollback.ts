import { RunLock } from "../../guard/run-lock.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { asOfDay } from "../../pipeline/night.ts";
import { rollback } from "../../pipeline/promote.ts";
import { lockHeld, pipelineLockFile } from "../../pipeline/runner.ts";
import { homeCalendar } from "../../config/calendars.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf } from "../home.ts";
import { parseOneOf, textOption } from "../options.ts";

/** `cbi models rollback`: the version before the champion takes its place again. */
export const command: Command = {
  words: ["models", "rollback"],
  summary: "Put the version before a horizon's champion back in its place",
  description: "Doing it twice undoes it. The next night refits the spec that is champion then.",
  arguments: [{ name: "<horizon>", summary: "such as 3m" }],
  options: [
    { flags: "--why <text>", summary: "the reason, kept with the decision" },
    jsonOption,
    homeOption,
  ],
  examples: [
    { line: "cbi models rollback 3m --why 'odd forecast'", says: "back to the version before" },
  ],
  exits: [
    { code: ExitCode.done, when: "the version before serves again" },
    { code: ExitCode.failed, when: "its files do not verify" },
    { code: ExitCode.lockHeld, when: "a run is under way" },
    { code: ExitCode.usage, when: "there is no such horizon, or nothing to go back to" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    const [horizon = ""] = input.arguments;
    parseOneOf(Object.keys(home.config.horizons), "horizon")(horizon);
    using lock = RunLock.tryTake(pipelineLockFile(home.paths));
    if (!lock) throw lockHeld("a run is under way in this home, and may move the champion itself");
    using ledger = Ledger.open(home.paths.ledger);
    const nowMs = context.clock.now();
    const key = await rollback(home, ledger, {
      horizon,
      asOf: asOfDay(home.config.as_of, homeCalendar(home), nowMs),
      nowMs,
      reason: textOption(input, "why") ?? "no reason given",
    });
    context.write(
      input.options["json"] === true
        ? `${JSON.stringify({ horizon, algorithm: key.algorithm, version: key.version })}\n`
        : `${horizon}: ${key.algorithm} ${key.version} is the champion again\n`,
    );
    return ExitCode.done;
  },
};
