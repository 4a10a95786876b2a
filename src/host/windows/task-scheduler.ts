import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { runCommand, type CommandEnd } from "../../system/run-command.ts";
import type { RegistrarWorld } from "../registrar.ts";

const CALL_MS = 60_000;
/** The column of the verbose list, whose headings are in the language of Windows. */
const LAST_RESULT = 6;
/** Ready, running, disabled, never run, queued (Microsoft, "Task Scheduler Error and Success Constants"). */
const NO_END: ReadonlySet<number> = new Set([0x41300, 0x41301, 0x41302, 0x41303, 0x41325]);

/** A task as the scheduler has it, or as its file describes it. */
export interface ScheduledTask {
  /** Which compilation it was made by; undefined when it was not made by us. */
  fingerprint: string | undefined;
  isEnabled: boolean;
}

/** The calls of schtasks.exe, each an argument list. */
export class TaskScheduler {
  readonly #world: RegistrarWorld;

  constructor(world: RegistrarWorld) {
    this.#world = world;
  }

  /** What the scheduler has under a name; undefined when it has nothing. */
  async task(name: string): Promise<ScheduledTask | undefined> {
    const words = ["/Query", "/TN", name, "/XML"];
    const end = await this.#call(words);
    if (end.exitCode === 0) return parseTask(end.stdout);
    const meaning = meaningOf(end);
    if (meaning === "absent") return undefined;
    if (meaning === "unknown" && !(await this.#names(words)).has(name)) return undefined;
    throw failureOf(words, end);
  }

  async create(name: string, file: string): Promise<void> {
    await this.#must("/Create", "/TN", name, "/XML", file, "/F");
  }

  /** One that is not there is no failure. */
  async delete(name: string): Promise<void> {
    const words = ["/Delete", "/TN", name, "/F"];
    const end = await this.#call(words);
    if (end.exitCode !== 0 && (await this.task(name))) throw failureOf(words, end);
  }

  async enable(name: string): Promise<void> {
    await this.#must("/Change", "/TN", name, "/ENABLE");
  }

  /** Starts it now, and does not wait for its end. */
  async run(name: string): Promise<void> {
    await this.#must("/Run", "/TN", name);
  }

  /** Ends what it has started, if anything. */
  async end(name: string): Promise<void> {
    await this.#call(["/End", "/TN", name]);
  }

  /** What its last run ended with; undefined while there is none, or one goes on. */
  async lastResult(name: string): Promise<number | undefined> {
    const words = ["/Query", "/TN", name, "/FO", "CSV", "/NH", "/V"];
    const end = await this.#call(words);
    if (end.exitCode !== 0) throw failureOf(words, end);
    const columns = [...end.stdout.matchAll(/"([^"]*)"/g)].map(([, value]) => value);
    const result = Number.parseInt(columns[LAST_RESULT] ?? "", 10);
    return Number.isNaN(result) || NO_END.has(result) ? undefined : result;
  }

  /** Every task's name, which is in no language: Windows says in its own what is not there. */
  async #names(asked: readonly string[]): Promise<Set<string>> {
    const words = ["/Query", "/FO", "CSV", "/NH"];
    const end = await this.#call(words);
    if (end.exitCode !== 0) throw failureOf(asked, end);
    const names = end.stdout.split(/\r?\n/).map((line) => /^"([^"]*)"/.exec(line)?.[1]);
    return new Set(names.filter((name) => name !== undefined));
  }

  async #must(...words: string[]): Promise<void> {
    const end = await this.#call(words);
    if (end.exitCode !== 0) throw failureOf(words, end);
  }

  async #call(words: readonly string[]): Promise<CommandEnd> {
    const { environment, signal } = this.#world;
    return runCommand("schtasks.exe", words, {
      environment,
      workingDirectory: "/",
      timeoutMs: CALL_MS,
      signal,
    });
  }
}

/**
 * Reads a task's XML for what is ASCII alone, whatever else has become of its letters: `/Query /XML` says
 * UTF-16 and prints in the code page of the console. A task without the word is enabled (Task
 * Scheduler schema, "Enabled (settingsType)").
 */
export function parseTask(text: string): ScheduledTask {
  const plain = text.replaceAll("\0", "");
  const settings = /<Settings>(.*?)<\/Settings>/s.exec(plain)?.[1] ?? "";
  return {
    fingerprint: /<Source>cbi ([0-9a-f]+)<\/Source>/.exec(plain)?.[1],
    isEnabled: !/<Enabled>\s*false\s*<\/Enabled>/.test(settings),
  };
}

type Meaning = "absent" | "denied" | "unreachable" | "unknown";

/** schtasks ends with 1 whatever failed, and says what in the language of Windows. */
function meaningOf({ exitCode, stderr }: CommandEnd): Meaning {
  if (exitCode === undefined) return "unreachable";
  if (/cannot find the (?:file|path) specified|does not exist in the system/i.test(stderr)) {
    return "absent";
  }
  if (/access is denied/i.test(stderr)) return "denied";
  return "unknown";
}

function failureOf(words: readonly string[], end: CommandEnd): Failure {
  const said = end.stderr.trim().split(/\r?\n/)[0] || "it said nothing";
  const meaning = meaningOf(end);
  if (meaning === "unreachable") {
    return new Failure({
      code: "CBI_HOST_UNREACHABLE",
      message: `the Task Scheduler cannot be asked by schtasks.exe: ${said}`,
      remedy:
        "Let PATH name C:\\Windows\\System32, or serve the home without a scheduler: cbi daemon",
      exit: ExitCode.failed,
    });
  }
  const call = `schtasks ${words.join(" ")} ended with ${end.exitCode}: ${said}`;
  if (meaning === "denied") {
    return new Failure({
      code: "CBI_NEEDS_ROOT",
      message: `Windows does not let this user do it: ${call}`,
      remedy:
        "In a terminal opened by 'Run as administrator', or for this user alone: cbi install --user",
      exit: ExitCode.failed,
    });
  }
  return new Failure({
    code: "CBI_HOST_REFUSED",
    message: call,
    remedy:
      "Run it by hand, in a terminal opened by 'Run as administrator' too; then the same command again goes on",
    exit: ExitCode.failed,
  });
}
