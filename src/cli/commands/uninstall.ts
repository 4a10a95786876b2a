import { existsSync, rmSync } from "node:fs";
import type { Root } from "../../host/root.ts";
import { becomeUser } from "../../install/acting/become-user.ts";
import { mustNotBeSudo } from "../../install/checks-before.ts";
import { installLockFile, takeInstallLock } from "../../install/install-lock.ts";
import { machineFor, ownHost, type Machine } from "../../install/machine.ts";
import { readRecord, type InstallRecord } from "../../install/record.ts";
import { undoInstall, undoPaths } from "../../install/undo.ts";
import { unrecordedLists } from "../../install/unrecorded.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { consents } from "../ask.ts";
import { jsonOption, type Command, type CommandContext } from "../command.ts";

interface UninstallOptions {
  keepData?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  force?: boolean;
  for?: string;
  json?: boolean;
}

/** `cbi uninstall`: takes away what `cbi install` has put in place. */
export const command: Command = {
  words: ["uninstall"],
  summary: "Take away everything that cbi install has put in place",
  description:
    "Removes the scheduler's units, files and the installed program, and asks the scheduler whether it\n" +
    "has forgotten them. The home with its data, models and logs is never touched, nor the workers'\n" +
    "environment that cbi setup made.",
  options: [
    { flags: "--keep-data", summary: "keep what the scheduler's programs have printed" },
    { flags: "--dry-run", summary: "list what would go; nothing is changed" },
    { flags: "--yes", summary: "agree beforehand" },
    { flags: "--force", summary: "even while a run of it is under way" },
    {
      flags: "--for <user>",
      summary: "as root on Linux: whose installation (default: who used sudo)",
    },
    { ...jsonOption, summary: "what goes, in JSON" },
  ],
  examples: [
    { line: "cbi uninstall --dry-run", says: "what would go" },
    { line: "cbi uninstall --yes", says: "without a question" },
  ],
  exits: [
    { code: ExitCode.done, when: "it is gone, or was never there" },
    { code: ExitCode.failed, when: "something stayed; the message says what" },
    { code: ExitCode.lockHeld, when: "a run or another installation is under way" },
  ],
  async run(context, input) {
    const options: UninstallOptions = input.options;
    // A Mac's sudo leaves HOME as it is: what is the user's would be written as root's.
    if (process.platform === "darwin") mustNotBeSudo("cbi uninstall", context.environment);
    const acting = await becomeUser(options.for, context.environment, context.signal);
    using root = acting.root;
    const { environment } = acting;
    const machine = machineFor(ownHost(), environment);
    const { appFolder } = machine;
    const record = await readRecord(appFolder);
    if (!record) {
      if (process.platform === "darwin") await mustHaveLeftNothing(machine);
      if (options.json) context.write(`${JSON.stringify({ removed: [] })}\n`);
      else context.write("nothing is installed\n");
      return ExitCode.done;
    }
    const paths = undoPaths(appFolder, record, { keepsData: options.keepData === true });
    if (options.json !== true || options.dryRun) show(context, record, paths, options);
    if (options.dryRun) return ExitCode.done;
    if (!options.yes && !(await consents(context, "Remove all this?"))) {
      context.remark("nothing was changed");
      return ExitCode.done;
    }
    await remove({ ...context, environment }, appFolder, record, { ...options, root });
    const gone = paths.filter((target) => !existsSync(target));
    if (options.json) show(context, record, gone, options);
    else context.write(`nothing of cbi is left in ${record.host}; ${record.home} is as it was\n`);
    return ExitCode.done;
  },
};

/** Without a record nobody knows whose a file is, but for what starts this very program. */
async function mustHaveLeftNothing(machine: Machine): Promise<void> {
  const lists = await unrecordedLists(machine);
  if (lists.length === 0) return;
  throw new Failure({
    code: "CBI_UNRECORDED",
    message: `the record of an installation is gone, and of its files there are ${lists.join(", ")}`,
    remedy: "Let the record be written again, then take all away: cbi install, then cbi uninstall",
    exit: ExitCode.failed,
  });
}

async function remove(
  context: CommandContext,
  appFolder: string,
  record: InstallRecord,
  options: UninstallOptions & { root: Root | undefined },
): Promise<void> {
  using lock = takeInstallLock(appFolder);
  void lock;
  await undoInstall(
    appFolder,
    record,
    { keepsData: options.keepData === true, isForced: options.force === true },
    {
      environment: context.environment,
      signal: context.signal,
      clock: context.clock,
      root: options.root,
      say: (message) => context.remark(message),
      lastly: () => rmSync(installLockFile(appFolder), { force: true }),
    },
  );
}

function show(
  context: CommandContext,
  record: InstallRecord,
  paths: readonly string[],
  { json }: UninstallOptions,
): void {
  const units = record.units.map(({ name }) => name);
  if (json) {
    const { host, scope, home } = record;
    context.write(`${JSON.stringify({ host, scope, home, units, removed: paths })}\n`);
    return;
  }
  context.write(`${record.scope === "system" ? "the machine's" : "the user's"} ${record.host}:\n`);
  for (const unit of units) context.write(`- ${unit}\n`);
  for (const target of paths) context.write(`- ${target}\n`);
}
