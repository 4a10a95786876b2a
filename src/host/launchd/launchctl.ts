import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { runCommand, type CommandEnd } from "../../system/run-command.ts";
import type { HostUnit } from "../hosted-home.ts";
import type { Registrar, RegistrarWorld } from "../registrar.ts";
import { parseDisabled, parsePrinted, type PrintedService } from "./print-text.ts";

const CALL_MS = 60_000;
const POLL_MS = 250;
/** launchd waits ExitTimeOut between TERM and KILL; ours are a minute and a half at most. */
const GONE_MS = 120_000;
const ATTEMPTS = 3;
const RETRY_MS = 2_000;

/** Exit codes of launchctl(1) that need an answer of their own; the text beside them says more. */
const NO_SUCH_PROCESS = 3;
const IO_ERROR = 5;
const FILE_EXISTS = 17;
const IN_PROGRESS = 36;
const ALREADY_IN_PROGRESS = 37;
const NO_DOMAIN = 112;
const NOT_FOUND = 113;
const NO_SESSION = 125;

/**
 * launchd's domain of the logged-in user, by launchctl(1) with its modern verbs; the old `load` exits
 * with 0 whatever happened. A service that has changed is booted out, awaited until launchd no longer
 * knows it, and bootstrapped again, since nothing else makes it read the list.
 */
export function launchctlRegistrar(domain: string, world: RegistrarWorld): Registrar {
  const launchd = new Launchctl(domain, world);
  return {
    mustAnswer: async () => void (await launchd.disabled()),
    async register(units, _files, changed) {
      for (const unit of units) await launchd.load(unit, changed.has(unit.file));
    },
    async unregister(units) {
      for (const { name } of units) await launchd.unload(name);
    },
    async forgetFiles(units) {
      // A label stays disabled over the removal of its list, and no verb forgets it.
      for (const { name } of units) await launchd.enable(name);
    },
    async read(units) {
      const disabled = await launchd.disabled();
      const found = units.map(async ({ name, file }) => {
        const printed = await launchd.print(name);
        const isEnabled = !disabled.has(name);
        return { name, isLoaded: printed?.path === file, isEnabled, next: undefined };
      });
      return Promise.all(found);
    },
    async running(units) {
      const printed = await Promise.all(units.map(async ({ name }) => launchd.print(name)));
      return units.flatMap(({ name }, index) =>
        printed[index]?.state === "running" ? [name] : [],
      );
    },
  };
}

/** The process of a job that is under way; undefined while there is none, or when launchd does not say. */
export async function printedPid(
  domain: string,
  label: string,
  world: RegistrarWorld,
): Promise<number | undefined> {
  return (await new Launchctl(domain, world).print(label).catch(() => undefined))?.pid;
}

class Launchctl {
  readonly #domain: string;
  readonly #world: RegistrarWorld;

  constructor(domain: string, world: RegistrarWorld) {
    this.#domain = domain;
    this.#world = world;
  }

  /** What launchd says of a label; undefined when it does not know it. */
  async print(label: string): Promise<PrintedService | undefined> {
    const end = await this.#call("print", `${this.#domain}/${label}`);
    if (end.exitCode === 0) return parsePrinted(end.stdout);
    if (end.exitCode === NOT_FOUND) return undefined;
    throw this.#failure(["print", label], end);
  }

  async disabled(): Promise<Set<string>> {
    const end = await this.#call("print-disabled", this.#domain);
    if (end.exitCode !== 0) throw this.#failure(["print-disabled", this.#domain], end);
    return parseDisabled(end.stdout);
  }

  /** Persists over reboots, and has to come before a bootstrap, which a disabled label refuses. */
  async enable(label: string): Promise<void> {
    const end = await this.#call("enable", `${this.#domain}/${label}`);
    if (end.exitCode !== 0) throw this.#failure(["enable", label], end);
  }

  async load({ name, file }: HostUnit, isChanged: boolean): Promise<void> {
    const printed = await this.print(name);
    if (printed?.path === file && !isChanged) return this.enable(name);
    if (printed?.state === "running" && !this.#world.isForced) throw underWay(name);
    if (printed) await this.unload(name);
    await this.enable(name);
    for (let attempt = 1; ; attempt++) {
      const end = await this.#call("bootstrap", this.#domain, file);
      if (end.exitCode === 0) return;
      // The same code means loaded already, still going, or a bad list: what it knows now decides.
      const isAmbiguous = [IO_ERROR, FILE_EXISTS, ALREADY_IN_PROGRESS].includes(end.exitCode ?? -1);
      if (isAmbiguous && (await this.print(name))?.path === file) return;
      if (!isAmbiguous || attempt >= ATTEMPTS) throw this.#failure(["bootstrap", file], end);
      await this.#world.clock.sleep(RETRY_MS, this.#world.signal);
    }
  }

  /** Returns when launchd no longer knows the label; a bootout itself only begins. */
  async unload(label: string): Promise<void> {
    const end = await this.#call("bootout", `${this.#domain}/${label}`);
    const isAccepted = [0, NO_SUCH_PROCESS, IN_PROGRESS, NOT_FOUND].includes(end.exitCode ?? -1);
    if (!isAccepted) throw this.#failure(["bootout", label], end);
    const { clock, signal } = this.#world;
    const endMs = clock.monotonic() + GONE_MS;
    while (await this.print(label)) {
      if (clock.monotonic() > endMs) throw lingering(label);
      await clock.sleep(POLL_MS, signal);
    }
  }

  async #call(...words: string[]): Promise<CommandEnd> {
    return runCommand("launchctl", words, {
      environment: { ...this.#world.environment, LC_ALL: "C" },
      workingDirectory: "/",
      timeoutMs: CALL_MS,
      signal: this.#world.signal,
    });
  }

  #failure(words: readonly string[], end: CommandEnd): Failure {
    const said = (end.stderr.trim() || end.stdout.trim()).split("\n")[0] ?? "";
    const isAbsent = end.exitCode === NO_DOMAIN || end.exitCode === NO_SESSION;
    return new Failure({
      code: isAbsent ? "CBI_HOST_UNREACHABLE" : "CBI_HOST_REFUSED",
      message: `launchctl ${words.join(" ")} ended with ${end.exitCode ?? "no exit code"}: ${said}`,
      remedy: isAbsent
        ? "Log in at the Mac's own screen once: a user's jobs live in that session"
        : `See what it means: launchctl error ${end.exitCode ?? ""}; then the same command again goes on`,
      exit: ExitCode.failed,
    });
  }
}

function underWay(label: string): Failure {
  return new Failure({
    code: "CBI_RUN_UNDER_WAY",
    message: `${label} is running, and launchd could learn its new times only by ending it`,
    remedy: "The same command again when it has ended: cbi status",
    exit: ExitCode.lockHeld,
  });
}

function lingering(label: string): Failure {
  return new Failure({
    code: "CBI_HOST_REFUSED",
    message: `launchd still ends ${label} after ${GONE_MS / 1000} s`,
    remedy: "The same command again goes on",
    exit: ExitCode.failed,
  });
}
