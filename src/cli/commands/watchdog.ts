import path from "node:path";
import { RunLock } from "../../guard/run-lock.ts";
import { beginForHost } from "../../host/begin.ts";
import { hostOf } from "../../install/installed-host.ts";
import type { JobWorld } from "../../jobs/ports.ts";
import { lockHeld } from "../../pipeline/run-start.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { systemRandom } from "../../system/random.ts";
import { singleLine } from "../../system/text.ts";
import type { Edge } from "../../watchdog/alert-edges.ts";
import { openWatchdogWorld } from "../../watchdog/open-world.ts";
import { watchdogPass, type PassReport } from "../../watchdog/pass.ts";
import { homeOption, jsonOption, type Command, type CommandContext } from "../command.ts";
import { homeOf } from "../home.ts";

/** `cbi watchdog`: one pass, which a scheduler starts every hour. */
export const command: Command = {
  words: ["watchdog"],
  summary: "Look once for what was missed, failed, hangs or died, and heal what can be",
  description:
    "Catches up and resumes by the same road as a scheduled run, records runs that died and ends what\n" +
    "they left behind. People are told once of an incident, once a day while it lasts, and once when it\n" +
    "is over; cbi status shows what is open.",
  options: [
    { flags: "--dry-run", summary: "say what is found and would be done; nothing is changed" },
    { ...jsonOption, summary: "findings, acts, alerts and open incidents in JSON" },
    homeOption,
  ],
  examples: [
    { line: "cbi watchdog", says: "one pass" },
    { line: "cbi watchdog --dry-run", says: "what a pass would do" },
    { line: "cbi watchdog --json | jq '.open[].message'", says: "for a program" },
  ],
  exits: [
    { code: ExitCode.done, when: "nothing is open" },
    { code: ExitCode.failed, when: "an incident is open that is a failure" },
    { code: ExitCode.warnings, when: "only warnings are open" },
    { code: ExitCode.unavailable, when: "the volume that the home was installed on is not there" },
    { code: ExitCode.lockHeld, when: "another pass is under way" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    await beginForHost(context.environment);
    const home = await homeOf(context, input, { isWritten: true });
    using lock = RunLock.tryTake(path.join(home.paths.logs, "watchdog.lock"));
    if (!lock) throw lockHeld("another pass of the watchdog is under way");
    const isDryRun = input.options["dryRun"] === true;
    const world: JobWorld = {
      clock: context.clock,
      random: systemRandom,
      environment: context.environment,
      emit: () => undefined,
      signal: context.signal,
    };
    const report = await watchdogPass(
      openWatchdogWorld(home, world, () => undefined, await hostOf(home, world)),
      { isDryRun },
    );
    const file = path.join(home.paths.logs, "nightly", "watchdog.log");
    if (!isDryRun) await keepLog(file, report, context);
    if (input.options["json"] === true)
      context.write(`${JSON.stringify(shown(report, context))}\n`);
    else for (const line of lines(report)) context.write(`${line}\n`);
    return exitOf(report, isDryRun);
  },
};

/** The log has a line for each act and alert; a pass that finds all well leaves none. */
async function keepLog(
  file: string,
  { acts, told }: PassReport,
  context: CommandContext,
): Promise<void> {
  if (acts.length + told.length === 0) return;
  // Most passes have nothing to log, and must be quick about it.
  const { openRunLog } = await import("../../system/run-log.ts");
  using log = openRunLog(file, (problem) => context.remark(`cbi: ${problem}`));
  for (const act of acts) log.write({ event: "act", ...act });
  for (const edge of told) log.write({ event: "alert", ...shownEdge(edge) });
}

function shown({ findings, acts, told, open }: PassReport, context: CommandContext): object {
  return {
    schema: 1,
    at: new Date(context.clock.now()).toISOString(),
    findings: findings.map(({ needsPerson, isBeingHealed, job, ...finding }) => ({
      ...finding,
      job: job ?? null,
      needs_person: needsPerson,
      being_healed: isBeingHealed,
    })),
    acts,
    alerts: told.map(shownEdge),
    open: open.map(({ key, kind, job, severity, message, isEscalated, openedMs }) => ({
      key,
      kind,
      job: job ?? null,
      severity,
      message,
      escalated: isEscalated,
      since: new Date(openedMs).toISOString(),
    })),
  };
}

function shownEdge({ edge, key, message }: Edge): Record<string, string> {
  return { edge, key, message };
}

function lines({ findings, acts, told, open }: PassReport): string[] {
  const said = [
    ...findings.map(({ severity, message, isBeingHealed }) =>
      isBeingHealed ? `found  ${message}` : `${severity.padEnd(6)} ${message}`,
    ),
    ...acts.map(
      ({ act, job, message }) => `${act === "bury" ? "buried" : "healed"} ${job}: ${message}`,
    ),
    ...told.map(({ edge, message }) => `alert  ${edge}: ${message}`),
  ];
  const end = open.length === 0 ? "no incident is open" : `incidents open: ${open.length}`;
  return [...said.map((line) => singleLine(line)), end];
}

/** A dry run tells nobody, so it judges by what it found. */
function exitOf({ findings, open }: PassReport, isDryRun: boolean): ExitCode {
  const bad = (isDryRun ? findings : open).map(({ severity }) => severity);
  if (bad.includes("fail")) return ExitCode.failed;
  return bad.length > 0 ? ExitCode.warnings : ExitCode.done;
}
