import { ALGORITHMS } from "../../config/schema.ts";
import { RANDOM_WALK } from "../../evaluation/forecast.ts";
import { RunLock } from "../../guard/run-lock.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { asOfDay } from "../../pipeline/night.ts";
import { promote, type PromotionEnd } from "../../pipeline/promote.ts";
import { pipelineLockFile, lockHeld } from "../../pipeline/run-start.ts";
import { homeCalendar } from "../../config/calendars.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf, ledgerOf } from "../home.ts";
import { parseOneOf, textOption } from "../options.ts";
import { championText, fromThenOn } from "../show/champion.ts";

/** `cbi models promote`: a person's word on who predicts, recorded with who and why. */
export const command: Command = {
  words: ["models", "promote"],
  summary: "Make an algorithm the champion of a horizon, by your own decision",
  description:
    "It counts from the next run on, until an evaluation or a person decides otherwise. The random\n" +
    "walk can be promoted too: then it is published, and the models go on in shadow.",
  arguments: [
    { name: "<horizon>", summary: "such as 3m" },
    { name: "<algorithm>", summary: `one of ${[...ALGORITHMS, RANDOM_WALK].join(", ")}` },
    {
      name: "[version]",
      summary: "the fit that serves until the next night (default: the newest intact one)",
    },
  ],
  options: [
    { flags: "--why <text>", summary: "the reason, kept with the decision" },
    { flags: "--dry-run", summary: "check, and change nothing" },
    jsonOption,
    homeOption,
  ],
  examples: [
    {
      line: "cbi models promote 3m xgboost_dart --why 'steadier in the spring'",
      says: "xgboost predicts 3m",
    },
    { line: "cbi models promote 12m random_walk", says: "publish the random walk for 12m" },
  ],
  exits: [
    { code: ExitCode.done, when: "the decision is recorded" },
    { code: ExitCode.failed, when: "the version's files do not verify" },
    { code: ExitCode.lockHeld, when: "a run is under way" },
    { code: ExitCode.usage, when: "there is no such horizon, algorithm or version" },
    {
      code: ExitCode.configInvalid,
      when: "cbi.yaml is missing or invalid, or of another symbol than the home's",
    },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    const [horizon = "", algorithm = "", version] = input.arguments;
    parseOneOf(Object.keys(home.config.horizons), "horizon")(horizon);
    parseOneOf([...ALGORITHMS, RANDOM_WALK], "algorithm")(algorithm);
    using lock = RunLock.tryTake(pipelineLockFile(home.paths));
    if (!lock) throw lockHeld("a run is under way in this home, and may move the champion itself");
    const isDryRun = input.options["dryRun"] === true;
    using ledger =
      (isDryRun ? ledgerOf(home) : undefined) ??
      Ledger.open(isDryRun ? ":memory:" : home.paths.ledger);
    const nowMs = context.clock.now();
    const asOf = asOfDay(home.config.as_of, homeCalendar(home), nowMs);
    const end = await promote(home, ledger, {
      horizon,
      algorithm,
      ...(version === undefined ? {} : { version }),
      asOf,
      nowMs,
      reason: textOption(input, "why") ?? "no reason given",
      isDryRun,
    });
    for (const warning of end.warnings) context.remark(`warning: ${warning}`);
    const answer = {
      horizon,
      algorithm,
      version: end.champion.version ?? null,
      moved: end.hasMoved,
      replaced: end.replaced ? { ...end.replaced, version: end.replaced.version ?? null } : null,
      counts_from: end.countsFrom,
      dry_run: isDryRun,
    };
    const text = `${horizon}: ${sentence(end, isDryRun)}${fromThenOn(end, asOf)}`;
    context.write(input.options["json"] === true ? `${JSON.stringify(answer)}\n` : `${text}\n`);
    return ExitCode.done;
  },
};

function sentence({ champion, replaced, hasMoved }: PromotionEnd, isDryRun: boolean): string {
  const who = championText(champion);
  if (!hasMoved) {
    return `${who} is the champion already${isDryRun ? "" : "; your decision is recorded"}`;
  }
  const place = replaced ? ` in the place of ${championText(replaced)}` : "";
  return `${who} ${isDryRun ? "would be" : "is"} the champion${place}`;
}
