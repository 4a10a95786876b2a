import { examine, type Finding } from "../../install/doctor/check.ts";
import { CHECKS } from "../../install/doctor/checks.ts";
import { onceInside } from "../../install/probe/inside-of.ts";
import { HomeJobs } from "../../jobs/schedules.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf, ledgerOf } from "../home.ts";
import { findingLines } from "../show/findings.ts";

/** `cbi doctor`: everything that a night rests on, checked without running one. */
export const command: Command = {
  words: ["doctor"],
  summary: "Check everything that a night rests on, and say what helps",
  description:
    "Each check passes, warns, fails or is skipped, with what was seen and what to do. Starts no job and\n" +
    "changes nothing; both libraries train once on a small table. Where the home is installed, the\n" +
    "scheduler is let start a process that looks from within it, since a terminal has other rights.",
  options: [
    { flags: "--offline", summary: "leave out what needs the network" },
    { flags: "--strict", summary: "a warning is a failure" },
    { ...jsonOption, summary: "the findings in JSON" },
    homeOption,
  ],
  examples: [
    { line: "cbi doctor", says: "all checks" },
    {
      line: "cbi doctor --json | jq '.checks[] | select(.state==\"fail\")'",
      says: "for a program",
    },
  ],
  exits: [
    { code: ExitCode.done, when: "every check passed or was skipped" },
    { code: ExitCode.failed, when: "a check failed, or with --strict warned" },
    { code: ExitCode.warnings, when: "a check warned" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    const isJson = input.options["json"] === true;
    using ledger = ledgerOf(home);
    const { clock, environment, signal } = context;
    const isOffline = input.options["offline"] === true;
    const world = { home, jobs: new HomeJobs(home), ledger, clock, environment, signal, isOffline };
    const findings = await examine(
      CHECKS,
      { ...world, inside: onceInside(home, world) },
      (finding) => {
        if (!isJson) for (const line of findingLines(finding, context)) context.write(`${line}\n`);
      },
    );
    const verdict = verdictOf(findings);
    if (isJson) context.write(`${JSON.stringify({ schema: 1, verdict, checks: findings })}\n`);
    if (verdict === "pass") return ExitCode.done;
    const isFailure = verdict === "fail" || input.options["strict"] === true;
    return isFailure ? ExitCode.failed : ExitCode.warnings;
  },
};

function verdictOf(findings: readonly Finding[]): "pass" | "warn" | "fail" {
  const states = findings.map(({ state }) => state);
  if (states.includes("fail")) return "fail";
  return states.includes("warn") ? "warn" : "pass";
}
