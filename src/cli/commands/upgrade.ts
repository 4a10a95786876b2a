import { loadHome } from "../../config/home.ts";
import { becomeUser } from "../../install/acting/become-user.ts";
import { findVersion } from "../../install/app/place-version.ts";
import { runningProgram } from "../../install/app/running-program.ts";
import { versionsInUse } from "../../install/app/in-use.ts";
import { mustNotBeSudo } from "../../install/checks-before.ts";
import { mustBeOnItsVolume } from "../../install/home-volume.ts";
import { machineFor, ownHost } from "../../install/machine.ts";
import { prepareInstall, type Prepared } from "../../install/prepare.ts";
import { readRecord, type InstallRecord } from "../../install/record.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { carryFlags, carryOut, showPlan, type CarryOptions } from "../carry-out.ts";
import type { Command, CommandContext } from "../command.ts";

interface UpgradeOptions extends CarryOptions {
  for?: string;
  dryRun?: boolean;
}

/** `cbi upgrade`: brings an installation to this version and to what cbi.yaml says now. */
export const command: Command = {
  words: ["upgrade"],
  summary: "Bring the installation to this version of cbi, and to what cbi.yaml says now",
  description:
    "Puts this program beside the installed one, moves to it in one step, tells the scheduler what has\n" +
    "changed and removes the older version once nothing runs from it. Home, scheduler and user are those\n" +
    "of the installation. A run under way goes on with its own version; where the scheduler could learn\n" +
    "the new times only by ending it, as launchd, nothing is touched without --force. The newest version\n" +
    "is brought by: npx cbi@latest upgrade",
  options: [
    { flags: "--dry-run", summary: "show what would change; nothing is changed" },
    {
      flags: "--for <user>",
      summary: "as root on Linux: whose installation (default: who used sudo)",
    },
    ...carryFlags,
  ],
  examples: [
    { line: "cbi upgrade", says: "to this version; after an edit of cbi.yaml; in a new zone" },
    { line: "cbi upgrade --dry-run", says: "what would change" },
  ],
  exits: [
    { code: ExitCode.done, when: "all is in place, or was already" },
    {
      code: ExitCode.failed,
      when: "nothing is installed, or it could not be done, or a night would fail in it",
    },
    { code: ExitCode.unavailable, when: "the volume that the home was installed on is not there" },
    {
      code: ExitCode.lockHeld,
      when: "a run would have to be ended, or an installation is under way",
    },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const options: UpgradeOptions = input.options;
    const { workingDirectory, clock } = context;
    // Before the home is read: what is kept of its values would be root's.
    if (process.platform === "darwin") mustNotBeSudo("cbi upgrade", context.environment);
    const { environment, root: hands } = await becomeUser(
      options.for,
      context.environment,
      context.signal,
    );
    using root = hands;
    const own = { ...context, environment };
    const { appFolder } = machineFor(ownHost(), environment);
    const record = await readRecord(appFolder);
    if (!record) throw notInstalled();
    await mustBeOnItsVolume(record.home, own);
    const home = await loadHome({
      environment,
      workingDirectory,
      homeOption: record.home,
      leavesNoTrace: options.dryRun === true,
    });
    const { host, scope } = record;
    const prepared = await prepareInstall({ home, host, scope, environment, nowMs: clock.now() });
    await sayVersions(own, prepared, record);
    if (options.dryRun) {
      showPlan(context, prepared, options);
      return ExitCode.done;
    }
    // Awaited: the helper goes at the end of this block.
    return await carryOut(own, "cbi upgrade", { home, prepared }, { ...options, root });
  },
};

/** From which version to which, and what goes on with the older one. */
async function sayVersions(
  context: CommandContext,
  { machine }: Prepared,
  record: InstallRecord,
): Promise<void> {
  const { name } = await findVersion(machine.appFolder, runningProgram());
  if (name === record.version) {
    context.remark(`cbi: ${name} is installed, which this is`);
    return;
  }
  context.remark(`cbi: ${record.version} is installed, and this is ${name}`);
  if (versionsInUse(machine.appFolder).includes(record.version)) {
    context.remark(`cbi: a run under way goes on with ${record.version}, which goes later`);
  }
}

function notInstalled(): Failure {
  return new Failure({
    code: "CBI_NOT_INSTALLED",
    message: "no home of this user is installed in a scheduler",
    remedy: "Install one: cbi install",
    exit: ExitCode.failed,
  });
}
