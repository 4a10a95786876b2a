import { RunLock } from "../../guard/run-lock.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { asOfDay } from "../../pipeline/night.ts";
import { rollback, type RollbackEnd } from "../../pipeline/promote.ts";
import { lockHeld, pipelineLockFile } from "../../pipeline/run-start.ts";
import { homeCalendar } from "../../config/calendars.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf } from "../home.ts";
import { parseOneOf, textOption } from "../options.ts";
import { championText, fromThenOn } from "../show/champion.ts";

/** `cbi models rollback`: undoes the last decision that changed who predicts a horizon. */
export const command: Command = {
  words: ["models", "rollback"],
  summary: "Undo the last decision that changed a horizon's champion",
  description:
    "Whoever was champion before it is champion again, be it a model or the random walk; whether an\n" +
    "evaluation or a person decided. Doing it twice brings the decision back. The next night refits\n" +
    "the spec that is champion then.",
  arguments: [{ name: "<horizon>", summary: "such as 3m" }],
  options: [
    { flags: "--why <text>", summary: "the reason, kept with the decision" },
    jsonOption,
    homeOption,
  ],
  examples: [
    { line: "cbi models rollback 3m --why 'odd forecast'", says: "back to the champion before" },
  ],
  exits: [
    { code: ExitCode.done, when: "the champion before is champion again" },
    { code: ExitCode.failed, when: "none of its versions verifies" },
    { code: ExitCode.lockHeld, when: "a run is under way" },
    { code: ExitCode.usage, when: "there is no such horizon, or nothing to undo" },
    {
      code: ExitCode.configInvalid,
      when: "cbi.yaml is missing or invalid, or of another symbol than the home's",
    },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    const [horizon = ""] = input.arguments;
    parseOneOf(Object.keys(home.config.horizons), "horizon")(horizon);
    using lock = RunLock.tryTake(pipelineLockFile(home.paths));
    if (!lock) throw lockHeld("a run is under way in this home, and may move the champion itself");
    using ledger = Ledger.open(home.paths.ledger);
    const nowMs = context.clock.now();
    const asOf = asOfDay(home.config.as_of, homeCalendar(home), nowMs);
    const end = await rollback(home, ledger, {
      horizon,
      asOf,
      nowMs,
      reason: textOption(input, "why") ?? "no reason given",
    });
    for (const warning of end.warnings) context.remark(`warning: ${warning}`);
    const { champion, undone } = end;
    const answer = {
      horizon,
      algorithm: champion.algorithm,
      version: champion.version ?? null,
      moved: end.hasMoved,
      undone: {
        as_of: undone.asOf,
        maker: undone.maker,
        kind: undone.kind,
        algorithm: undone.algorithm,
      },
      counts_from: end.countsFrom,
    };
    const text = `${horizon}: ${sentence(end)}${fromThenOn(end, asOf)}`;
    context.write(input.options["json"] === true ? `${JSON.stringify(answer)}\n` : `${text}\n`);
    return ExitCode.done;
  },
};

const MAKERS = { predict: "the night's naming", evaluate: "the evaluation", person: "a person" };

function sentence({ champion, hasMoved, undone }: RollbackEnd): string {
  const serves = `${championText(champion)} ${hasMoved ? "is the champion again" : "stays the champion"}`;
  const who = undone.who ?? MAKERS[undone.maker];
  return `${serves}; undone: ${undone.kind} ${undone.algorithm} as of ${undone.asOf}, by ${who}`;
}
