import { callToDeadline } from "../system/call-to-deadline.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import type { CommandEnd } from "../system/run-command.ts";
import type { RegistrarWorld } from "./registrar.ts";

/** The system's own programs, which only root may replace: nothing else is ever run as root. */
export const ROOT_PROGRAMS = [
  "/bin/launchctl",
  "/bin/mv",
  "/bin/rm",
  "/bin/rmdir",
  "/usr/bin/install",
  "/usr/bin/pmset",
  "/usr/bin/sfltool",
  "/usr/bin/systemctl",
] as const;

export type RootProgram = (typeof ROOT_PROGRAMS)[number];

/** A program and its words, as execve(2) takes them; no shell is involved. */
export type RootCommand = readonly [program: RootProgram, ...words: string[]];

/** Commands that need root's rights. */
export interface Root {
  /** Whether commands may run as root without a question. */
  isAllowed(): Promise<boolean>;
  /**
   * Makes sure that commands may run as root: nothing where they may already, else sudo(8) asks for the
   * password, once, in the terminal. Throws `CBI_NEEDS_ROOT` when it may not be, or nobody is there to ask.
   */
  allow(): Promise<void>;
  /** Lets sudo, which forgets within minutes, not forget what was allowed. */
  keepAllowed(): Disposable;
  /** Runs a command to its end, whatever that is. Throws `CBI_NEEDS_ROOT` when sudo does not let it. */
  run(command: RootCommand): Promise<CommandEnd>;
  /** `run`, which throws `CBI_ROOT_STEP` when the command fails. */
  must(command: RootCommand): Promise<CommandEnd>;
}

/** People look for their password; sudo gives up after five minutes by itself. */
const PASSWORD_MS = 6 * 60_000;
const KEEP_MS = 60_000;
const CALL_SECONDS = 60;

/** Where sudo is, and whether it is needed, which a test may have otherwise. */
export interface RootTools {
  sudo: string;
  isRoot: boolean;
}

const PROMPT = "Password of %p, for the system's own programs that this needs as root: ";

/** How long one call of macOS's programs may take; `CBI_CALL_SECONDS` says otherwise. */
export function callMs(environment: RegistrarWorld["environment"]): number {
  const seconds = Number(environment["CBI_CALL_SECONDS"] ?? CALL_SECONDS);
  return (seconds > 0 ? seconds : CALL_SECONDS) * 1000;
}

/** Root by sudo(8), whose answer is remembered for a while; without it when the process is root's. */
export function rootBySudo(world: RegistrarWorld, tools: Partial<RootTools> = {}): Root {
  const { sudo = "/usr/bin/sudo", isRoot = process.getuid?.() === 0 } = tools;
  const call = async (
    program: string,
    words: readonly string[],
    timeoutMs = callMs(world.environment),
  ): Promise<CommandEnd> => {
    const environment = { ...world.environment, LC_ALL: "C" };
    const { signal } = world;
    return callToDeadline(program, words, {
      environment,
      workingDirectory: "/",
      timeoutMs,
      signal,
    });
  };
  const run = async ([program, ...words]: RootCommand): Promise<CommandEnd> => {
    if (isRoot) return call(program, words);
    // Never a second question: what was allowed at the beginning is still remembered.
    const end = await call(sudo, ["-n", "--", program, ...words]);
    // By itself it ends with 1 (sudo(8)); else it warns of something, and the end is the command's.
    if (end.exitCode === 1 && end.stderr.startsWith("sudo:")) throw notAllowed(end);
    return end;
  };
  const isAllowed = async (): Promise<boolean> =>
    isRoot || (await call(sudo, ["-n", "-v"])).exitCode === 0;
  return {
    isAllowed,
    async allow() {
      if (await isAllowed()) return;
      const asked = await call(sudo, ["-v", "-p", PROMPT], PASSWORD_MS);
      if (asked.exitCode !== 0) throw notAllowed(asked);
    },
    keepAllowed() {
      const ended = new AbortController();
      const keep = async (): Promise<void> => {
        for (;;) {
          await world.clock.sleep(KEEP_MS, ended.signal);
          await call(sudo, ["-n", "-v"]);
        }
      };
      if (!isRoot) keep().catch(() => undefined);
      return { [Symbol.dispose]: () => ended.abort() };
    },
    run,
    async must(command) {
      const end = await run(command);
      if (end.exitCode === 0) return end;
      throw stepFailed(command, end);
    },
  };
}

function notAllowed(end: CommandEnd): Failure {
  const said = firstLine(end).replace(/^sudo: /, "");
  return new Failure({
    code: "CBI_NEEDS_ROOT",
    message: `the machine's own scheduler is root's to change, and sudo does not let it: ${said}`,
    remedy:
      "Run it in a terminal, where sudo can ask for the password, or say sudo -v there before; without root's rights: cbi install --user",
    exit: ExitCode.failed,
  });
}

/** The failure of a step that could not be taken. */
export function stepFailed(command: RootCommand, end: CommandEnd): Failure {
  const how = end.isTimedOut ? "did not end" : `ended with ${end.exitCode ?? "no exit code"}`;
  return new Failure({
    code: "CBI_ROOT_STEP",
    message: `${command.join(" ")} ${how}: ${firstLine(end)}`,
    remedy:
      "What was done is recorded: the same command again goes on, and cbi uninstall takes it away",
    exit: ExitCode.failed,
  });
}

function firstLine({ stderr, stdout }: CommandEnd): string {
  return (stderr.trim() || stdout.trim() || "it said nothing").split("\n")[0] ?? "";
}
