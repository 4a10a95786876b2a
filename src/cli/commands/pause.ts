import type { Home } from "../../config/home.ts";
import { parseDurationMs } from "../../config/duration.ts";
import { changeOrders } from "../../guard/kill-switch-file.ts";
import { shownOrder } from "../../guard/kill-switch-text.ts";
import { orderText, type KillOrder } from "../../guard/kill-switch.ts";
import { parseInstant } from "../../schedule/instant.ts";
import { parseTimeOfDay, dayOfWall, wallOf } from "../../schedule/wall.ts";
import { addDays } from "../../schedule/day.ts";
import { zoneNamed } from "../../schedule/zone.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import {
  homeOption,
  jsonOption,
  type Command,
  type CommandContext,
  type CommandInput,
} from "../command.ts";
import { whoIs } from "../road.ts";
import { homeToPause, scopeOf } from "../kill-scope.ts";
import { textOption } from "../options.ts";

/** `cbi pause`: the kill switch, for everything, the jobs of a tag, or one job. */
export const command: Command = {
  words: ["pause"],
  summary: "Let nothing start, or no job of a tag, or not one job, until resumed",
  description:
    "What runs goes on to the end of its stage or attempt; with --stop it is ended now and resumed later.\n" +
    "Each slot that is held back is recorded as skipped, with the reason. It works with an invalid\n" +
    "cbi.yaml too; when nothing else works, make a file named STOP in the home.",
  options: [
    { flags: "--job <job>", summary: "this job alone" },
    { flags: "--tag <tag>", summary: "the jobs with this tag" },
    { flags: "--why <text>", summary: "the reason, kept with every slot that it holds back" },
    {
      flags: "--until <time>",
      summary: "when it ends by itself: 2h, 16:00, 2026-12-31, or a time with its offset",
    },
    { flags: "--stop", summary: "end what runs, too" },
    jsonOption,
    homeOption,
  ],
  examples: [
    { line: "cbi pause --why 'moving house' --until 2d", says: "nothing starts for two days" },
    {
      line: "cbi pause --tag broker --why 'gateway is down' --stop",
      says: "jobs tagged broker end now, and start no more",
    },
  ],
  exits: [
    { code: ExitCode.done, when: "the order is in force" },
    { code: ExitCode.failed, when: "the kill switch could not be written, or is damaged" },
    { code: ExitCode.lockHeld, when: "another process is changing it" },
    { code: ExitCode.configInvalid, when: "there is no home" },
  ],
  async run(context, input) {
    const { paths, home } = await homeToPause(context, input);
    const order = orderOf(context, input, home);
    await changeOrders(
      paths,
      context.clock.now(),
      (orders) => [...orders.filter((one) => !isSame(one, order)), order],
      { fromDamage: false },
    );
    context.write(
      `${input.options["json"] === true ? JSON.stringify(shownOrder(order)) : orderText(order)}\n`,
    );
    return ExitCode.done;
  },
};

function orderOf(context: CommandContext, input: CommandInput, home: Home | undefined): KillOrder {
  const nowMs = context.clock.now();
  const reason = textOption(input, "why");
  if (reason === undefined || reason.trim() === "") {
    throw usage("--why is missing: whoever finds the jobs standing still must know the reason");
  }
  const until = textOption(input, "until");
  return {
    ...scopeOf(input, home),
    mode: input.options["stop"] === true ? "stop" : "drain",
    reason: reason.trim(),
    who: whoIs(context.environment),
    sinceMs: nowMs,
    untilMs: until === undefined ? undefined : untilMsOf(until, nowMs, home?.config.zone),
  };
}

/** An order of the same scope is replaced by the new one. */
function isSame(left: KillOrder, right: KillOrder): boolean {
  return left.scope === right.scope && left.name === right.name;
}

/** `2h`, `16:00` (the next one), a day or a time on the home's clock, or a time with its offset. */
function untilMsOf(text: string, nowMs: number, zoneName: string | undefined): number {
  const durationMs = parseDurationMs(text);
  const zone = zoneNamed(zoneName ?? "UTC");
  if (durationMs !== undefined) return nowMs + durationMs;
  if (!zone) throw usage(`there is no time zone ${zoneName}`);
  const minute = parseTimeOfDay(text);
  if (minute !== undefined) {
    const today = dayOfWall(zone.wallAt(nowMs));
    const todayMs = zone.dueOf(wallOf(today, minute)).dueMs;
    return todayMs > nowMs ? todayMs : zone.dueOf(wallOf(addDays(today, 1), minute)).dueMs;
  }
  const written = parseInstant(text, zone);
  if (!written) {
    throw usage(`expected a time such as 2h, 16:00 or 2026-12-31T16:00 for --until, got '${text}'`);
  }
  if (written.atMs <= nowMs) throw usage(`--until ${text} has passed`);
  return written.atMs;
}

function usage(message: string): Failure {
  return new Failure({
    code: "CBI_USAGE",
    message,
    remedy: "See: cbi pause --help",
    exit: ExitCode.usage,
  });
}
