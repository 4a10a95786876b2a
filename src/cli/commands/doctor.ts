import type { Root } from "../../host/root.ts";
import { becomeUser } from "../../install/acting/become-user.ts";
import type { Home } from "../../config/home.ts";
import { mustNotBeSudo } from "../../install/checks-before.ts";
import { examine, type Finding } from "../../install/doctor/check.ts";
import { CHECKS } from "../../install/doctor/checks.ts";
import { installedOf } from "../../install/doctor/installed-of.ts";
import { mendAll, type Mended } from "../../install/doctor/repairs/mend-all.ts";
import { takeInstallLock } from "../../install/install-lock.ts";
import { onceInside } from "../../install/probe/inside-of.ts";
import { HomeJobs } from "../../jobs/schedules.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import { singleLine } from "../../system/text.ts";
import { homeOption, jsonOption, type Command, type CommandContext } from "../command.ts";
import { homeOf, ledgerOf } from "../home.ts";
import { findingLines } from "../show/findings.ts";

/** `cbi doctor`: everything that a night rests on, checked without running one. */
export const command: Command = {
  words: ["doctor"],
  summary: "Check everything that a night rests on, and say what helps",
  description:
    "Each check passes, warns, fails or is skipped, with what was seen and what to do. Starts no job and\n" +
    "changes nothing; both libraries train once on a small table. Where the home is installed, the\n" +
    "scheduler is let start a process that looks from within it, since a terminal has other rights.\n" +
    "--fix first mends what can be mended without a loss: missing folders, files that are too open, units\n" +
    "that the scheduler has forgotten, what an interrupted probe left, the workers' environment. Each is\n" +
    "named before and after.",
  options: [
    { flags: "--fix", summary: "mend what can be mended without a loss, then check" },
    { flags: "--dry-run", summary: "with --fix: say what would be mended, and no more" },
    { flags: "--offline", summary: "leave out what needs the network" },
    { flags: "--strict", summary: "a warning is a failure" },
    { ...jsonOption, summary: "the findings in JSON" },
    homeOption,
  ],
  examples: [
    { line: "cbi doctor", says: "all checks" },
    { line: "cbi doctor --fix --dry-run", says: "what --fix would do" },
    {
      line: "cbi doctor --json | jq '.checks[] | select(.state==\"fail\")'",
      says: "for a program",
    },
  ],
  exits: [
    { code: ExitCode.done, when: "every check passed or was skipped" },
    { code: ExitCode.failed, when: "a check failed, or with --strict warned" },
    { code: ExitCode.warnings, when: "a check warned, or --fix --dry-run found what to mend" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const { fix, dryRun } = input.options;
    if (dryRun === true && fix !== true) throw onlyWithFix();
    if (process.platform === "darwin") mustNotBeSudo("cbi doctor", context.environment);
    const { clock, signal } = context;
    const { environment, root: hands } = await becomeUser(undefined, context.environment, signal);
    using root = hands;
    const own = { ...context, environment };
    const home = await homeOf(own, input, { isWritten: fix === true });
    const isJson = input.options["json"] === true;
    const { ledger: opened, problem: ledgerProblem } = openOrSay(home);
    using ledger = opened;
    const isOffline = input.options["offline"] === true;
    const mending = { isDryRun: dryRun === true, isJson, isOffline, root };
    const mended = fix === true ? await mendHome(own, home, mending) : undefined;
    if (mended && mending.isDryRun) return showMending(context, mended, isJson);
    const seen = { clock, environment, signal, isOffline };
    const world = { ...seen, home, jobs: new HomeJobs(home), ledger, ledgerProblem };
    const findings = await examine(
      CHECKS,
      { ...world, inside: onceInside(home, { ...seen, root }) },
      (finding) => {
        if (!isJson) for (const line of findingLines(finding, context)) context.write(`${line}\n`);
      },
    );
    const verdict = verdictOf(findings);
    if (isJson) {
      const repairs = mended ? { repairs: mended } : {};
      context.write(`${JSON.stringify({ schema: 1, verdict, ...repairs, checks: findings })}\n`);
    }
    if (verdict === "pass") return ExitCode.done;
    const isFailure = verdict === "fail" || input.options["strict"] === true;
    return isFailure ? ExitCode.failed : ExitCode.warnings;
  },
};

/** A ledger that cannot be opened is what the doctor is asked about. */
function openOrSay(home: Home): { ledger: Ledger | undefined; problem?: string } {
  try {
    return { ledger: ledgerOf(home) };
  } catch (error) {
    return { ledger: undefined, problem: messageOf(error) };
  }
}

interface Mending {
  isDryRun: boolean;
  isJson: boolean;
  isOffline: boolean;
  root: Root | undefined;
}

/** What there is to do counts as a warning. */
function showMending(
  context: CommandContext,
  mended: readonly Mended[],
  isJson: boolean,
): ExitCode {
  if (isJson) context.write(`${JSON.stringify({ schema: 1, repairs: mended })}\n`);
  else if (mended.length === 0) context.write("nothing is to be mended\n");
  return mended.length === 0 ? ExitCode.done : ExitCode.warnings;
}

/** Under the lock of the installation, where there is one: an installation changes the same things. */
async function mendHome(
  context: CommandContext,
  home: Home,
  { isDryRun, isJson, isOffline, root }: Mending,
): Promise<Mended[]> {
  const { clock, environment, signal } = context;
  const world = { clock, environment, signal, root };
  const installed = await installedOf(home, world);
  using lock =
    installed && !isDryRun ? takeInstallLock(installed.prepared.machine.appFolder) : undefined;
  void lock;
  const platform = process.platform;
  const remark = (line: string): void => context.remark(line);
  return mendAll(
    { ...world, home, installed, platform, isOffline, remark },
    { isDryRun },
    (line) => {
      if (!isJson) context.write(`${singleLine(line)}\n`);
    },
  );
}

function onlyWithFix(): Failure {
  return new Failure({
    code: "CBI_USAGE",
    message: "--dry-run says what --fix would do, and goes with it",
    remedy: "Without --fix nothing is changed: cbi doctor",
    exit: ExitCode.usage,
  });
}

function verdictOf(findings: readonly Finding[]): "pass" | "warn" | "fail" {
  const states = findings.map(({ state }) => state);
  if (states.includes("fail")) return "fail";
  return states.includes("warn") ? "warn" : "pass";
}
