import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { runCommand, type CommandEnd } from "../../system/run-command.ts";
import type { HostScope, HostUnit } from "../hosted-home.ts";
import type { RegisteredUnit, Registrar, RegistrarWorld } from "../registrar.ts";

const CALL_MS = 60_000;
const PROPERTIES = "Id,LoadState,UnitFileState,ActiveState,NextElapseUSecRealtime";

/**
 * systemd's manager of the machine or of this user, by systemctl(1). Whoever is not root changes the
 * machine's by `world.root`.
 */
export function systemctlRegistrar(scope: HostScope, world: RegistrarWorld): Registrar {
  const call = async (...words: string[]): Promise<CommandEnd> => systemctl(scope, world, words);
  const must = async (...words: string[]): Promise<CommandEnd> => {
    const end = await call(...words);
    if (end.exitCode !== 0) throw refused(words, end);
    return end;
  };
  return {
    async mustAnswer() {
      const end = await call("show-environment");
      if (end.exitCode !== 0) throw unreachable(scope, end);
      if (scope === "system") await world.root?.allow();
    },
    async register(units, _files, changed) {
      await must("daemon-reload");
      const names = units.map(({ name }) => name);
      await must("enable", ...names);
      // A timer that is on keeps the times it was loaded with; its service goes on undisturbed.
      const edited = units.filter(({ file }) => changed.has(file)).map(({ name }) => name);
      if (edited.length > 0) await must("restart", ...edited);
      await must("start", ...names);
    },
    async unregister(units) {
      for (const { name } of units) {
        const end = await call("disable", "--now", name);
        const isUnknown = /not loaded|does not exist|No such file/i.test(end.stderr);
        if (end.exitCode !== 0 && !isUnknown) throw refused(["disable", "--now", name], end);
      }
    },
    async forgetFiles(units) {
      await must("daemon-reload");
      for (const { name } of units) {
        await call("reset-failed", name);
        await removeStamp(scope, world, name);
      }
    },
    async read(units) {
      if (units.length === 0) return [];
      const names = units.map(({ name }) => name);
      const { stdout } = await must("show", `--property=${PROPERTIES}`, ...names);
      return parseShown(stdout, units);
    },
  };
}

/**
 * Starts a unit and does not wait for its end; one that is under way stays as it is. One that systemd
 * has given up, since it died too often, begins to count anew.
 */
export async function startUnit(
  scope: HostScope,
  name: string,
  world: RegistrarWorld,
): Promise<void> {
  await systemctl(scope, world, ["reset-failed", name]);
  const words = ["start", "--no-block", name];
  const end = await systemctl(scope, world, words);
  if (end.exitCode !== 0) throw refused(words, end);
}

/** What everybody may ask the machine's manager. */
const ASKING: ReadonlySet<string> = new Set(["cat", "show", "show-environment"]);

/** One call of systemctl(1), whatever came of it. */
export async function systemctl(
  scope: HostScope,
  world: RegistrarWorld,
  words: readonly string[],
): Promise<CommandEnd> {
  const isChange = scope === "system" && !ASKING.has(words[0] ?? "");
  if (isChange && world.root) {
    return world.root.run(["/usr/bin/systemctl", "--system", "--no-pager", ...words]);
  }
  return runCommand("systemctl", [`--${scope}`, "--no-pager", "--no-ask-password", ...words], {
    environment: managerEnvironment(world.environment),
    workingDirectory: "/",
    timeoutMs: CALL_MS,
    signal: world.signal,
  });
}

/** The process of a service that is under way; undefined while there is none. */
export async function mainPid(
  scope: HostScope,
  name: string,
  world: RegistrarWorld,
): Promise<number | undefined> {
  const { stdout } = await systemctl(scope, world, ["show", "--property=MainPID", name]);
  const pid = Number(/^MainPID=(\d+)$/m.exec(stdout)?.[1]);
  return pid > 0 ? pid : undefined;
}

/** Reads the blocks of `systemctl show`, one a unit, in lines of `Name=value`. */
export function parseShown(text: string, units: readonly HostUnit[]): RegisteredUnit[] {
  const blocks = text.split(/\n\n+/).map((block) => {
    const pairs = block.split("\n").map((line): [string, string] => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    });
    return new Map(pairs);
  });
  return units.map(({ name }) => {
    const block = blocks.find((one) => one.get("Id") === name);
    const next = block?.get("NextElapseUSecRealtime");
    return {
      name,
      isLoaded: block?.get("LoadState") === "loaded" && block.get("ActiveState") === "active",
      isEnabled: block?.get("UnitFileState") === "enabled",
      next: next || undefined,
    };
  });
}

/** `sudo` and cron leave out where the user's manager listens; it is always the same place. */
function managerEnvironment(
  environment: RegistrarWorld["environment"],
): RegistrarWorld["environment"] {
  const runtime = runtimeFolder("user", environment);
  return { ...environment, XDG_RUNTIME_DIR: runtime, LC_ALL: "C", SYSTEMD_COLORS: "0" };
}

/** Where a manager keeps what a boot does not outlive. */
export function runtimeFolder(
  scope: HostScope,
  environment: RegistrarWorld["environment"],
): string {
  if (scope === "system") return "/run";
  return environment["XDG_RUNTIME_DIR"] ?? `/run/user/${process.getuid?.() ?? 0}`;
}

async function removeStamp(scope: HostScope, world: RegistrarWorld, name: string): Promise<void> {
  const file = stampFile(scope, world.environment, name);
  if (scope === "system" && world.root) await world.root.run(["/bin/rm", "-f", file]);
  else await rm(file, { force: true });
}

/** Where systemd notes when a persistent timer last rang (systemd.timer(5), Persistent=). */
function stampFile(
  scope: HostScope,
  environment: RegistrarWorld["environment"],
  name: string,
): string {
  const data = environment["XDG_DATA_HOME"] ?? path.join(os.homedir(), ".local", "share");
  const folder = scope === "system" ? "/var/lib/systemd" : path.join(data, "systemd");
  return path.join(folder, "timers", `stamp-${name}`);
}

function unreachable(scope: HostScope, end: CommandEnd): Failure {
  const whose = scope === "system" ? "the machine's" : "this user's";
  const login =
    "Log in as the user (ssh, or su -l), or let the user's manager run: loginctl enable-linger";
  return new Failure({
    code: "CBI_HOST_UNREACHABLE",
    message: `${whose} systemd does not answer: ${lastLine(end)}`,
    remedy: scope === "system" ? "Install in cron instead: cbi install --host cron" : login,
    exit: ExitCode.failed,
  });
}

/** The failure of a call that systemd did not do. */
export function refused(words: readonly string[], end: CommandEnd): Failure {
  return new Failure({
    code: "CBI_HOST_REFUSED",
    message: `systemctl ${words.join(" ")} ended with ${end.exitCode ?? "no exit code"}: ${lastLine(end)}`,
    remedy: "Run it by hand to see more; then the same command again goes on",
    exit: ExitCode.failed,
  });
}

function lastLine({ stderr, stdout }: CommandEnd): string {
  return (stderr.trim() || stdout.trim()).split("\n").at(-1) ?? "";
}
