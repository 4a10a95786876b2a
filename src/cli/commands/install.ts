import path from "node:path";
import { runningProgram } from "../../install/app/running-program.ts";
import { applyPlan, isInPlace, type Applied } from "../../install/apply.ts";
import { mustBeInstallable } from "../../install/checks-before.ts";
import { diffLines } from "../../install/diff-text.ts";
import { HOST_NAMES } from "../../install/machine.ts";
import { takeInstallLock } from "../../install/install-lock.ts";
import { planJson } from "../../install/plan-json.ts";
import { prepareInstall, type Prepared } from "../../install/prepare.ts";
import { askInside } from "../../install/probe/ask.ts";
import { registrarOf } from "../../install/registrars.ts";
import { renderPlan } from "../../install/render.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { singleLine } from "../../system/text.ts";
import { consents } from "../ask.ts";
import { homeOption, jsonOption, type Command, type CommandContext } from "../command.ts";
import { homeOf } from "../home.ts";
import { parseOneOf } from "../options.ts";
import { provenExit, provenJson, provenLines } from "../show/proven.ts";

interface InstallOptions {
  host?: (typeof HOST_NAMES)[number];
  user?: boolean;
  dryRun?: boolean;
  render?: string;
  yes?: boolean;
  noProbe?: boolean;
  json?: boolean;
}

/** `cbi install`: puts the jobs of a home into the system's own scheduler. */
export const command: Command = {
  words: ["install"],
  summary: "Let the system's own scheduler start the jobs of a home",
  description:
    "Shows what would be written and changed, line by line, asks, and does it; a second time it finds\n" +
    "nothing to do. At the end the scheduler starts one process that tries what a night needs; what it\n" +
    "could not do leaves the installation as it is and ends with 1. --render writes the files of any host on any machine, each at its final path below a\n" +
    "folder, with plan.json beside them.",
  options: [
    {
      flags: "--host <name>",
      summary: `${HOST_NAMES.join(", ")} (default: what this machine has)`,
      parse: parseOneOf(HOST_NAMES, "host"),
    },
    { flags: "--user", summary: "in the user's own scheduler instead of the machine's" },
    { flags: "--dry-run", summary: "show the plan; nothing is changed" },
    { flags: "--render <dir>", summary: "with --dry-run: write the files below this folder" },
    { flags: "--yes", summary: "agree beforehand" },
    { flags: "--no-probe", summary: "do not let the scheduler start a look from within it" },
    { ...jsonOption, summary: "the plan in JSON, and what came of it" },
    homeOption,
  ],
  examples: [
    { line: "cbi install", says: "show, ask, do, and read back" },
    { line: "cbi install --dry-run", says: "what would be done here" },
    {
      line: "cbi install --dry-run --host launchd --render out",
      says: "what a Mac would get, below out/, on any machine",
    },
  ],
  exits: [
    { code: ExitCode.done, when: "all is in place, or was already" },
    {
      code: ExitCode.failed,
      when: "it could not be done, or a night would fail in it; the message says what and the remedy",
    },
    { code: ExitCode.lockHeld, when: "another installation is under way" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const options: InstallOptions = input.options;
    if (options.render !== undefined && !options.dryRun) {
      throw usage("--render writes files elsewhere and goes with --dry-run");
    }
    const home = await homeOf(context, input);
    const prepared = await prepareInstall({
      home,
      host: options.host,
      scope: options.user ? "user" : undefined,
      environment: context.environment,
      nowMs: context.clock.now(),
    });
    if (options.render !== undefined) {
      const folder = path.resolve(context.workingDirectory, options.render);
      await renderPlan(prepared.plan, prepared.comparison, folder);
      context.remark(`written below ${folder}`);
    }
    if (options.dryRun) {
      show(context, prepared, options);
      return ExitCode.done;
    }
    return install(context, prepared, options);
  },
};

async function install(
  context: CommandContext,
  prepared: Prepared,
  options: InstallOptions,
): Promise<ExitCode> {
  const { machine, plan } = prepared;
  const world = {
    environment: context.environment,
    signal: context.signal,
    clock: context.clock,
    source: runningProgram(),
    say: (message: string) => context.remark(message),
  };
  // Whether this host can be told at all comes before what it would take.
  registrarOf(plan.host, plan.home.scope, world);
  mustBeInstallable(prepared, context.environment);
  if (await isInPlace(prepared, world)) {
    if (options.json) showJson(context, prepared, { changed: false });
    else context.write("everything is in place already; nothing was changed\n");
    return ExitCode.done;
  }
  if (!options.json) show(context, prepared, options);
  if (!options.yes && !(await consents(context, "Do this?"))) {
    context.remark("nothing was changed");
    return ExitCode.done;
  }
  using lock = takeInstallLock(machine.appFolder);
  void lock;
  const applied = await applyPlan(prepared, world);
  const inside = options.noProbe
    ? undefined
    : await askInside(plan.host, plan.home, { isOffline: false }, world);
  if (options.json) {
    const probe = inside ? { probe: provenJson(inside) } : {};
    showJson(context, prepared, { changed: true, ...applied, ...probe });
    return inside ? provenExit(inside) : ExitCode.done;
  }
  for (const line of appliedLines(applied)) context.write(`${line}\n`);
  if (inside === undefined) return ExitCode.done;
  for (const line of provenLines(inside, context)) context.write(`${line}\n`);
  return provenExit(inside);
}

function appliedLines({ version, units, remarks }: Applied): string[] {
  return [
    `installed cbi ${version}, and the scheduler has:`,
    ...units.map(({ name, next }) => `  ${name}${next === undefined ? "" : `, next ${next}`}`),
    ...remarks.map((remark) => `note: ${singleLine(remark)}`),
  ];
}

function showJson(context: CommandContext, { plan, comparison }: Prepared, result: object): void {
  context.write(`${JSON.stringify({ ...planJson(plan, comparison), result })}\n`);
}

function show(context: CommandContext, prepared: Prepared, options: InstallOptions): void {
  const { plan, comparison } = prepared;
  if (options.json) {
    context.write(`${JSON.stringify(planJson(plan, comparison))}\n`);
    return;
  }
  const { home } = plan;
  const whose = home.scope === "system" ? "the machine's" : "the user's";
  context.write(`${whose} ${plan.host}, for ${home.root}, as ${home.account.name}:\n`);
  for (const line of diffLines(comparison)) context.write(`${line}\n`);
  for (const remark of plan.remarks) context.remark(`cbi: ${singleLine(remark)}`);
}

function usage(message: string): Failure {
  return new Failure({
    code: "CBI_USAGE",
    message,
    remedy: "See: cbi install --help",
    exit: ExitCode.usage,
  });
}
