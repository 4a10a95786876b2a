import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { readTextIfThere, replaceFile } from "../../system/files.ts";
import { runCommand, type CommandEnd } from "../../system/run-command.ts";
import type { HostScope } from "../hosted-home.ts";
import type { Registrar, RegistrarWorld } from "../registrar.ts";
import { sectionOf, withoutSection, withSection } from "./table-text.ts";

const CALL_MS = 30_000;

/** cron, which reads files of `/etc/cron.d` by itself, and a user's crontab by crontab(1). */
export function crontabRegistrar(scope: HostScope, world: RegistrarWorld): Registrar {
  return scope === "system" ? folderRegistrar() : userRegistrar(world);
}

/** The machine's cron looks at the folder's time every minute: a file in it is enough. */
function folderRegistrar(): Registrar {
  return {
    async mustAnswer() {
      if (existsSync("/etc/cron.d")) return;
      throw unreachable("there is no folder /etc/cron.d");
    },
    register: () => Promise.resolve(),
    unregister: () => Promise.resolve(),
    forgetFiles: () => Promise.resolve(),
    read: (units) =>
      Promise.resolve(
        units.map(({ name, file }) => {
          const isThere = existsSync(file);
          return { name, isLoaded: isThere, isEnabled: isThere, next: undefined };
        }),
      ),
  };
}

function userRegistrar(world: RegistrarWorld): Registrar {
  const call = async (...words: string[]): Promise<CommandEnd> =>
    runCommand("crontab", words, {
      environment: { ...world.environment, LC_ALL: "C" },
      workingDirectory: "/",
      timeoutMs: CALL_MS,
      signal: world.signal,
    });
  const table = async (): Promise<string> => {
    const end = await call("-l");
    if (end.exitCode === 0) return end.stdout === "" ? "" : `${end.stdout}\n`;
    // Every crontab(1) says so of a user who has none, with the exit code 1.
    if (/no crontab/i.test(end.stderr)) return "";
    throw unreachable(end.stderr.trim() || "crontab -l failed");
  };
  const replace = async (text: string, file: string): Promise<void> => {
    const temporary = `${file}.new`;
    await replaceFile(temporary, text);
    try {
      const end = await call(temporary);
      if (end.exitCode !== 0) throw refused(end.stderr.trim());
    } finally {
      await rm(temporary, { force: true });
    }
  };
  return {
    async mustAnswer() {
      withoutSection(await table());
    },
    async register(units, files) {
      const unit = units.find(({ file }) => files.some(({ path }) => path === file));
      const section = files.find(({ path }) => path === unit?.file)?.content;
      if (section === undefined || unit === undefined) return;
      const before = await table();
      const after = withSection(before, section);
      if (after !== before) await replace(after, unit.file);
    },
    async unregister(units) {
      const before = await table();
      const after = withoutSection(before);
      const [unit] = units;
      if (after === before || unit === undefined) return;
      if (after === "") await call("-r");
      else await replace(after, unit.file);
    },
    forgetFiles: () => Promise.resolve(),
    async read(units) {
      const section = sectionOf(await table());
      const found = units.map(async ({ name, file }) => {
        const isLoaded = section !== undefined && section === (await readTextIfThere(file));
        return { name, isLoaded, isEnabled: isLoaded, next: undefined };
      });
      return Promise.all(found);
    },
  };
}

function unreachable(message: string): Failure {
  return new Failure({
    code: "CBI_HOST_UNREACHABLE",
    message: `cron cannot be used here: ${message}`,
    remedy: "Install cron, or serve the home without a scheduler: cbi daemon",
    exit: ExitCode.failed,
  });
}

function refused(message: string): Failure {
  return new Failure({
    code: "CBI_HOST_REFUSED",
    message: `crontab did not take the new table: ${message}`,
    remedy: "The table is as it was. See the lines: cbi install --dry-run",
    exit: ExitCode.failed,
  });
}
