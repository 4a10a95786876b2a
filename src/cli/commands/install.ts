import path from "node:path";
import { becomeUser, mustBeTheirHome } from "../../install/acting/become-user.ts";
import { mustNotBeSudo } from "../../install/checks-before.ts";
import { HOST_NAMES } from "../../install/machine.ts";
import { prepareInstall } from "../../install/prepare.ts";
import { renderPlan } from "../../install/render.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { carryFlags, carryOut, showPlan, type CarryOptions } from "../carry-out.ts";
import { homeOption, type Command } from "../command.ts";
import { homeOf } from "../home.ts";
import { parseOneOf } from "../options.ts";

interface InstallOptions extends CarryOptions {
  host?: (typeof HOST_NAMES)[number];
  user?: boolean;
  system?: boolean;
  for?: string;
  dryRun?: boolean;
  render?: string;
}

/** `cbi install`: puts the jobs of a home into the system's own scheduler. */
export const command: Command = {
  words: ["install"],
  summary: "Let the system's own scheduler start the jobs of a home",
  description:
    "Shows what would be written and changed, line by line, asks, and does it; a second time it finds\n" +
    "nothing to do. At the end the scheduler starts one process that tries what a night needs; what it\n" +
    "could not do leaves the installation as it is and ends with 1. --render writes the files of any host\n" +
    "on any machine, each at its final path below a folder, with plan.json beside them. On a Mac it is\n" +
    "run without sudo, and asks for the password once, where a step needs it.",
  options: [
    {
      flags: "--host <name>",
      summary: `${HOST_NAMES.join(", ")} (default: what this machine has)`,
      parse: parseOneOf(HOST_NAMES, "host"),
    },
    { flags: "--user", summary: "in the user's own scheduler instead of the machine's" },
    { flags: "--system", summary: "in the machine's; asks for the password where that is needed" },
    {
      flags: "--for <user>",
      summary: "as root on Linux: whose jobs they are (default: who used sudo)",
    },
    { flags: "--dry-run", summary: "show the plan; nothing is changed" },
    { flags: "--render <dir>", summary: "with --dry-run: write the files below this folder" },
    { flags: "--moved", summary: "the home lies on another volume than before, for good" },
    ...carryFlags,
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
    { code: ExitCode.unavailable, when: "the volume that the home was installed on is not there" },
    {
      code: ExitCode.lockHeld,
      when: "a run would have to be ended, or another installation is under way",
    },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const options: InstallOptions = input.options;
    if (options.render !== undefined && !options.dryRun) {
      throw usage("--render writes files elsewhere and goes with --dry-run");
    }
    if (options.user && options.system) throw usage("--user and --system exclude each other");
    // Before the home is read: what is kept of its values would be root's.
    const isMac = process.platform === "darwin";
    if (isMac && !options.dryRun) mustNotBeSudo("cbi install", context.environment);
    const acting = await becomeUser(options.for, context.environment, context.signal);
    using root = acting.root;
    const own = { ...context, environment: acting.environment };
    const home = await homeOf(own, input);
    await mustBeTheirHome(home.paths.root, options.for, acting);
    const isSystem = options.system === true || root !== undefined;
    const prepared = await prepareInstall({
      home,
      host: options.host,
      scope: options.user ? "user" : isSystem ? "system" : undefined,
      environment: own.environment,
      nowMs: context.clock.now(),
    });
    if (options.render !== undefined) {
      const folder = path.resolve(context.workingDirectory, options.render);
      await renderPlan(prepared.plan, prepared.comparison, folder);
      context.remark(`written below ${folder}`);
    }
    if (options.dryRun) {
      showPlan(context, prepared, options);
      return ExitCode.done;
    }
    // Awaited: the helper goes at the end of this block.
    return await carryOut(own, "cbi install", { home, prepared }, { ...options, root });
  },
};

function usage(message: string): Failure {
  return new Failure({
    code: "CBI_USAGE",
    message,
    remedy: "See: cbi install --help",
    exit: ExitCode.usage,
  });
}
