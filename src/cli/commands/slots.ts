import { newestSlots, slotRanges, type SlotRange, type SlotRecord } from "../../ledger/slots.ts";
import { HomeJobs } from "../../jobs/schedules.ts";
import { parseInstant } from "../../schedule/instant.ts";
import { utcText } from "../../schedule/wall.ts";
import { zoneNamed } from "../../schedule/zone.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { singleLine } from "../../system/text.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf, ledgerOf } from "../home.ts";
import { parseCount, textOption, unknownName } from "../options.ts";

const LIMIT_DEFAULT = 50;

/** One element of what `cbi slots --json` prints. */
export interface ShownSlot {
  job: string;
  /** Null for a stretch of slots that ended together. */
  slot: string | null;
  due: string;
  /** The end of a stretch; null for one slot. */
  through: string | null;
  /** `claimed` while a run has it or it waits to be resumed. */
  verdict: string;
  reason: string | null;
  run: string | null;
  attempts: number;
  catch_up: boolean;
}

/** `cbi slots`: what became of every slot. */
export const command: Command = {
  words: ["slots"],
  summary: "List what became of every slot, the newest first",
  description:
    "A slot is one scheduled time of a job. Each ends as done, failed, skipped, missed or superseded,\n" +
    "with its reason; one that a run has, or that waits to be resumed, is claimed.",
  options: [
    { flags: "--job <job>", summary: "only of this job" },
    { flags: "--since <time>", summary: "due on this day or later, or after this instant" },
    {
      flags: "-n, --limit <count>",
      summary: `how many (default: ${LIMIT_DEFAULT})`,
      parse: parseCount(1, 100_000),
    },
    jsonOption,
    homeOption,
  ],
  examples: [
    { line: "cbi slots", says: "the newest slots of all jobs" },
    { line: "cbi slots --job nightly --since 2026-11-01 --json", says: "a month, for a program" },
  ],
  exits: [
    { code: ExitCode.done, when: "the slots were listed" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    const job = textOption(input, "job");
    const { names } = new HomeJobs(home);
    if (job !== undefined && !names.includes(job)) {
      throw unknownName("job", job, names, ExitCode.usage);
    }
    const afterMs = sinceOf(textOption(input, "since"), home.config.zone);
    const limit = Number(input.options["limit"] ?? LIMIT_DEFAULT);
    using ledger = ledgerOf(home);
    const shown = (job === undefined ? names : [job])
      .flatMap((name) =>
        ledger
          ? [
              ...newestSlots(ledger, { job: name, afterMs, limit }).map(shownSlot),
              ...slotRanges(ledger, name, afterMs).map(shownRange),
            ]
          : [],
      )
      .sort((left, right) => (left.due < right.due ? 1 : left.due > right.due ? -1 : 0))
      .slice(0, limit);
    if (input.options["json"] === true) {
      context.write(`${JSON.stringify(shown, undefined, 2)}\n`);
      return ExitCode.done;
    }
    if (shown.length === 0) context.write("no slots yet\n");
    for (const one of shown) context.write(`${line(one)}\n`);
    return ExitCode.done;
  },
};

function sinceOf(text: string | undefined, zoneName: string): number {
  if (text === undefined) return Number.MIN_SAFE_INTEGER;
  const zone = zoneNamed(zoneName);
  const instant = zone && parseInstant(text, zone);
  if (instant) return instant.atMs - 1;
  throw new Failure({
    code: "CBI_USAGE",
    message: `--since takes a day such as 2026-11-01 or an instant; '${text}' came`,
    exit: ExitCode.usage,
  });
}

function shownSlot(slot: SlotRecord): ShownSlot {
  return {
    job: slot.job,
    slot: slot.name,
    due: utcText(slot.dueMs),
    through: null,
    verdict: slot.verdict ?? "claimed",
    reason: slot.reason ?? null,
    run: slot.run ?? null,
    attempts: slot.attempts,
    catch_up: slot.isCatchUp,
  };
}

function shownRange(range: SlotRange): ShownSlot {
  return {
    job: range.job,
    slot: null,
    due: utcText(range.afterMs),
    through: utcText(range.throughMs),
    verdict: range.verdict,
    reason: range.reason,
    run: null,
    attempts: 0,
    catch_up: false,
  };
}

function line(one: ShownSlot): string {
  const name = one.slot === null ? `all until ${one.through}` : one.slot;
  const more = [one.catch_up ? "caught up" : "", one.run ?? "", one.reason ?? ""];
  const said = more.filter((text) => text !== "").join("  ");
  return `${one.job.padEnd(14)} ${name.padEnd(18)} ${one.verdict.padEnd(10)} ${singleLine(said, 120)}`.trimEnd();
}
