import { readFile } from "node:fs/promises";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { isErrno } from "../../system/files.ts";
import type { HostUnit } from "../hosted-home.ts";
import type { RegisteredUnit, Registrar, RegistrarWorld } from "../registrar.ts";
import { parseTask, TaskScheduler, type ScheduledTask } from "./task-scheduler.ts";

/** A name that every installation has, to ask for where any would do. */
const ANY_TASK = "\\cbi\\watchdog";

/**
 * The Task Scheduler of Windows, by schtasks.exe. A task is ours when its source says so; what bears one
 * of our names and is somebody else's is neither replaced nor deleted. Neither `/Create /F` nor `/Delete`
 * ends what a task has started (Microsoft, "schtasks delete").
 */
export function schtasksRegistrar(world: RegistrarWorld): Registrar {
  const scheduler = new TaskScheduler(world);
  return {
    async mustAnswer() {
      await scheduler.task(ANY_TASK);
    },
    async register(units, _files, changed) {
      const tasks = await Promise.all(units.map(({ name }) => scheduler.task(name)));
      for (const [index, { name, file }] of units.entries()) {
        const task = tasks[index];
        if (task && task.fingerprint === undefined) throw foreign(name);
        const isAsTold = task && task.fingerprint === (await fingerprintIn(file));
        if (!isAsTold || changed.has(file)) await scheduler.create(name, file);
        else if (!task.isEnabled) await scheduler.enable(name);
      }
    },
    async unregister(units) {
      for (const { name } of units) {
        const task = await scheduler.task(name);
        if (task?.fingerprint !== undefined) await scheduler.delete(name);
      }
    },
    forgetFiles: () => Promise.resolve(),
    async read(units) {
      return Promise.all(
        units.map(async (unit) => registered(unit, await scheduler.task(unit.name))),
      );
    },
  };
}

async function registered(
  { name, file }: HostUnit,
  task: ScheduledTask | undefined,
): Promise<RegisteredUnit> {
  const next = undefined;
  if (task?.fingerprint === undefined) return { name, isLoaded: false, isEnabled: false, next };
  const told = await fingerprintIn(file);
  const isOther = told !== undefined && told !== task.fingerprint;
  const { isEnabled } = task;
  return { name, isLoaded: true, isEnabled, next, ...(isOther && { differs: ["fingerprint"] }) };
}

/** What a task's file was made from; undefined where there is none, or another's. */
async function fingerprintIn(file: string): Promise<string | undefined> {
  try {
    return parseTask(await readFile(file, "utf16le")).fingerprint;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

function foreign(name: string): Failure {
  return new Failure({
    code: "CBI_HOST_REFUSED",
    message: `there is a task ${name} already that cbi did not make`,
    remedy: "Rename or delete it in the Task Scheduler; then the same command again goes on",
    exit: ExitCode.failed,
  });
}
