import { existsSync } from "node:fs";
import type { Home } from "../../config/home.ts";
import { lastBeat, watchdogSilence } from "../../guard/heartbeat.ts";
import { readKillState } from "../../guard/kill-switch-file.ts";
import { standingOrders } from "../../guard/kill-switch.ts";
import type { RunStatus, Health } from "../../ledger/status-schema.ts";
import { recordFile } from "../../install/record.ts";
import type { Scheduled } from "../../install/scheduled.ts";
import { homeStatus } from "../../pipeline/home-status.ts";
import { appFolder } from "../../system/app-folder.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { singleLine } from "../../system/text.ts";
import { uptime } from "../../system/uptime.ts";
import { newestWake, readWakeBook, type WakeBook } from "../../watchdog/wake-book.ts";
import { homeOption, jsonOption, type Command, type CommandContext } from "../command.ts";
import { homeOf, ledgerOf } from "../home.ts";
import { unknownName } from "../options.ts";
import { scheduledJson, scheduledLines } from "../show/scheduled.ts";
import { stylerFor } from "../style.ts";

/** `cbi status`: the morning's question, answered on one screen. */
export const command: Command = {
  words: ["status"],
  summary: "Show the last run, its stages, and how fresh models and data are",
  arguments: [{ name: "[job]", summary: "the job to ask about (default: nightly)" }],
  options: [
    { flags: "--strict", summary: "end with 1 where a warning would end with 2" },
    { ...jsonOption, summary: "answer in the shape of last_run_status.json, with `health`" },
    homeOption,
  ],
  examples: [
    { line: "cbi status", says: "the morning's look" },
    { line: "cbi status --json | jq .health.verdict", says: "the judgement, for a program" },
  ],
  exits: [
    { code: ExitCode.done, when: "all is well" },
    { code: ExitCode.failed, when: "the last run failed, or the data are too old" },
    { code: ExitCode.warnings, when: "something deserves a look" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    const jobs = Object.keys(home.config.jobs);
    const job =
      input.arguments[0] ?? (jobs.includes("nightly") ? "nightly" : (jobs[0] ?? "nightly"));
    if (!jobs.includes(job)) throw unknownName("job", job, jobs, ExitCode.usage);
    using ledger = ledgerOf(home);
    const silence = watchdogSilence(
      await lastBeat(home.paths, "watchdog"),
      context.clock.now(),
      uptime(),
    );
    const halts = standingOrders(await readKillState(home.paths), context.clock.now());
    const wake = wakeOf(await readWakeBook(home.paths), job);
    const status = homeStatus(home, job, ledger, context.clock, silence, halts, wake);
    const scheduled = await scheduledOf(home, context);
    if (input.options["json"] === true) {
      const shown = { ...status, ...(scheduled && { scheduler: scheduledJson(scheduled) }) };
      context.write(`${JSON.stringify(shown, undefined, 2)}\n`);
    } else {
      const units = scheduled ? scheduledLines(scheduled, stylerFor(context)) : [];
      for (const line of [...statusLines(status, context), ...units]) context.write(`${line}\n`);
    }
    return exitOf(status.health.verdict, input.options["strict"] === true);
  },
};

function wakeOf(book: WakeBook | undefined, job: string): Health["wake"] {
  const found = newestWake(book, job);
  if (!found) return null;
  const { slot, due, state, is_well: ok, awake, evidence, remedy } = found;
  return { slot, due, state, ok, awake, evidence, remedy };
}

/** Only where something is installed is what speaks to schedulers loaded. */
async function scheduledOf(home: Home, context: CommandContext): Promise<Scheduled | undefined> {
  if (!existsSync(recordFile(appFolder({ environment: context.environment })))) return undefined;
  const { scheduledUnits } = await import("../../install/scheduled.ts");
  return scheduledUnits(home, context);
}

function exitOf(verdict: Health["verdict"], isStrict: boolean): ExitCode {
  if (verdict === "pass") return ExitCode.done;
  if (verdict === "warn") return isStrict ? ExitCode.failed : ExitCode.warnings;
  return ExitCode.failed;
}

function statusLines(status: RunStatus & { health: Health }, context: CommandContext): string[] {
  const paint = stylerFor(context);
  const { health } = status;
  const colour = { pass: "green", warn: "yellow", fail: "red" } as const;
  const lines = [`${paint("bold", status.job)}  ${paint(colour[health.verdict], health.verdict)}`];
  for (const reason of health.reasons)
    lines.push(`  ${paint(colour[health.verdict], "!")} ${singleLine(reason)}`);
  if (health.wake) {
    const { slot, ok, evidence } = health.wake;
    lines.push("", `  wake     ${slot}  ${paint(ok ? "green" : "yellow", evidence)}`);
  }
  if (status.run === null) return lines;
  lines.push("", `  run      ${status.run}  ${status.state}, as of ${status.as_of ?? "?"}`);
  lines.push(`  started  ${status.start_time ?? ""}   ended ${status.end_time ?? "(under way)"}`);
  for (const stage of status.stages) lines.push(stageLine(stage, paint));
  for (const warning of status.warnings)
    lines.push(`  ${paint("yellow", "warning")} ${singleLine(warning)}`);
  if (status.error) lines.push(`  ${paint("red", "error")} ${singleLine(status.error.message)}`);
  if (status.error?.remedy) lines.push(`        ${singleLine(status.error.remedy)}`);
  if (health.data) {
    lines.push(
      "",
      `  data     newest ${health.data.newest}, ${health.data.sessions_behind} sessions behind`,
    );
  }
  for (const model of health.models) {
    lines.push(`  ${model.horizon.padEnd(8)} ${model.algorithm.padEnd(16)} ${model.version ?? ""}`);
  }
  return lines;
}

function stageLine(
  stage: RunStatus["stages"][number],
  paint: ReturnType<typeof stylerFor>,
): string {
  const marks = {
    done: paint("green", "✓"),
    failed: paint("red", "✗"),
    interrupted: paint("red", "‖"),
    running: "▸",
    pending: paint("dim", "·"),
    skipped: paint("dim", "·"),
  };
  const seconds = stage.duration_seconds === null ? "" : `${stage.duration_seconds.toFixed(1)} s`;
  const reused = stage.reused ? " (reused)" : "";
  const text = stage.error ? singleLine(stage.error.message) : (stage.summary ?? stage.state);
  return `    ${marks[stage.state]} ${stage.name.padEnd(9)}${seconds.padStart(8)}  ${text}${reused}`;
}
