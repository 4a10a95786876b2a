import { parseCron, type Cron } from "../../schedule/cron.ts";
import { zoneNamed } from "../../schedule/zone.ts";
import { Draft, literal, type ImportContext, type Imported } from "./imported.ts";
import { isShellsLine, readShellLine, type ShellLine } from "./shell-words.ts";

export interface CrontabContext extends ImportContext {
  /** Whether lines name a user before the command, as in /etc/crontab and /etc/cron.d. */
  hasUsers: boolean;
}

const ASSIGNMENT = /^\s*([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/;
const FIELDS = /^\s*((?:\S+\s+){5})(.*)$/s;
const NICKNAME = /^\s*(@\S+)\s+(.*)$/s;
/** Longer lines are no work of a person. */
const LENGTH_MAX = 8192;
const JOINED_MAX = 100;
/** Clocks change within these hours, wherever they do. */
const CHANGE_MINUTES = 4 * 60;

/** A line with those that its writer meant to go on with it. */
interface Line {
  number: number;
  text: string;
  /** How many lines of the file it was written on. */
  count: number;
}

/** Turns a crontab of crontab(5) into jobs. */
export function importCrontab(text: string, context: CrontabContext): Imported {
  const draft = new Draft();
  const reader = new CrontabReader(draft, context);
  for (const line of linesOf(text)) {
    if (draft.isFull) {
      draft.note("not-taken", line.number, "and all after it: the file has too many lines");
      break;
    }
    reader.read(line);
  }
  reader.end();
  return draft.end();
}

/** Lines as people meant them: cron ends each where it ends, whatever its last sign. */
function* linesOf(text: string): Generator<Line> {
  const lines = text.split(/\r?\n/);
  for (let index = 0; index < lines.length; index++) {
    const number = index + 1;
    let whole = lines[index] ?? "";
    let count = 1;
    while (goesOn(whole) && count < JOINED_MAX && index + 1 < lines.length) {
      index += 1;
      count += 1;
      whole = `${whole.trimEnd().slice(0, -1)} ${(lines[index] ?? "").trim()}`;
    }
    yield { number, text: whole, count };
  }
}

function goesOn(line: string): boolean {
  return (
    line.length <= LENGTH_MAX && line.trimEnd().endsWith("\\") && !line.trimStart().startsWith("#")
  );
}

class CrontabReader {
  readonly #draft: Draft;
  readonly #context: CrontabContext;
  readonly #environment: Record<string, string> = {};
  #zone: string;
  #hasMachineZone = false;

  constructor(draft: Draft, context: CrontabContext) {
    this.#draft = draft;
    this.#context = context;
    this.#zone = context.zone;
  }

  read(line: Line): void {
    const { text, number } = line;
    if (text.trim() === "" || text.trimStart().startsWith("#")) return;
    if (text.length > LENGTH_MAX) {
      this.#draft.note("not-taken", number, `longer than ${LENGTH_MAX} characters`);
      return;
    }
    const assignment = ASSIGNMENT.exec(text);
    if (assignment) return this.#assign(assignment[1] ?? "", unquoted(assignment[2] ?? ""), number);
    const match = NICKNAME.exec(text) ?? FIELDS.exec(text);
    if (!match) {
      const message = "expected five fields of time and a command, or NAME=value";
      this.#draft.note("not-taken", number, message);
      return;
    }
    this.#entry((match[1] ?? "").trim().replaceAll(/\s+/g, " "), match[2] ?? "", line);
  }

  /** What is otherwise for every job of the file. */
  end(): void {
    if (this.#draft.end().jobs.length === 0) return;
    const differs = (message: string): void => this.#draft.note("differs", undefined, message);
    if (this.#hasMachineZone) {
      differs(
        `times are those of ${this.#context.zone}, since the file names no zone; --zone says another`,
      );
    }
    differs("a run may take an hour, where cron lets it run for ever; timeout says otherwise");
    differs(
      "relative paths count from the home of cbi, or cwd; in cron from the user's home folder",
    );
    differs(
      "what cron missed was gone, and so it is here by catch_up: { policy: none }; `latest` starts the latest late",
    );
    differs("one run of a job at a time; cron starts a second beside the first");
    differs("output goes to Logs/<job>/ (cbi logs), and a failure to cbi status, not to mail");
  }

  #assign(name: string, value: string, line: number): void {
    if (name === "CRON_TZ" || name === "TZ") return this.#assignZone(name, value, line);
    if (name === "MAILTO" || name === "MAILFROM") {
      this.#draft.note("not-taken", line, `${name}: cbi writes no mail for a job`);
    } else if (name === "SHELL") {
      const message = `SHELL=${value}: no job is given to a shell; its programs are started directly`;
      this.#draft.note("differs", line, message);
    } else if (name === "RANDOM_DELAY") {
      this.#draft.note("not-taken", line, "RANDOM_DELAY: slots are due at their time");
    } else {
      this.#environment[name] = value;
      this.#draft.note("understood", line, `${name} is set for the jobs that follow`);
    }
  }

  #assignZone(name: string, value: string, line: number): void {
    if (name === "TZ") this.#environment["TZ"] = value;
    if (!zoneNamed(value)) {
      this.#draft.note("not-taken", line, `${name}=${value} is no IANA zone`);
      return;
    }
    if (name === "CRON_TZ") {
      this.#zone = value;
      this.#draft.note("understood", line, `the jobs that follow are in ${value}`);
    } else {
      const message = "TZ is set for the programs; cron's own times stay in the machine's zone";
      this.#draft.note("differs", line, message);
    }
  }

  #entry(times: string, rest: string, line: Line): void {
    const user = this.#context.hasUsers ? /^(\S+)\s+(.*)$/s.exec(rest) : undefined;
    const command = (user?.[2] ?? rest).trim();
    if (command === "") {
      this.#draft.note("not-taken", line.number, "there is no command after the times");
      return;
    }
    const { text, input } = percentOf(command);
    const shell = readShellLine(text);
    const cron = parseCron(times);
    if (times.toLowerCase() === "@reboot") {
      const message = "@reboot: start-up is the host's affair; cbi starts what is due by the clock";
      this.#draft.note("not-taken", line.number, message);
      return;
    }
    if (!cron.ok) {
      this.#draft.note("not-taken", line.number, `${times}: ${cron.problem.message}`);
      return;
    }
    if (this.#zone === this.#context.zone) this.#hasMachineZone = true;
    const name = this.#draft.add({
      line: line.number,
      source: line.text.trim(),
      called: shell.argv.length > 0 ? shell.argv : command.split(/\s+/),
      settings: this.#settings(times, shell),
      held: heldReason(line, shell, input),
    });
    this.#differences(name, line, cron.value, shell);
    if (user) {
      const message = `ran as ${user[1]}; here as the user who runs cbi`;
      this.#draft.note("differs", line.number, message, name);
    }
  }

  #settings(times: string, shell: ShellLine): Record<string, unknown> {
    const env = { ...this.#environment, ...shell.environment };
    const texts = Object.entries(env).map(([name, value]) => [name, literal(value)] as const);
    // Without a program to name, the remedy is a script of the user's.
    const argv = shell.argv.length > 0 ? shell.argv.map(literal) : ["./scripts/write-me.sh"];
    return {
      kind: "command",
      schedule: [times],
      zone: this.#zone,
      catch_up: { policy: "none" },
      cwd: shell.folder === undefined ? undefined : literal(shell.folder),
      env: texts.length === 0 ? undefined : Object.fromEntries(texts),
      argv,
    };
  }

  #differences(name: string, { number }: Line, cron: Cron, shell: ShellLine): void {
    const differs = (message: string): void => this.#draft.note("differs", number, message, name);
    if (cron.dayRule === "either") {
      differs("either day field may name the day, as in cron: the date or the weekday");
    }
    if (cron.minutesOfDay.some((minute) => minute < CHANGE_MINUTES) && changes(this.#zone)) {
      differs(
        `in a night in which ${this.#zone} changes its clocks each time is one run: at the end of the gap, at the ` +
          "first pass of an hour that comes twice; crons differ among themselves",
      );
    }
    const [program = ""] = shell.argv;
    if (/(^|\/)flock$/.test(program)) differs("flock is not needed: one run of a job at a time");
    if (/(^|\/)timeout$/.test(program)) {
      differs("timeout ends one process; the key timeout of the job ends its whole group");
    }
  }
}

function heldReason(line: Line, shell: ShellLine, input: boolean): string | undefined {
  if (line.count > 1) {
    return (
      "its line ends with a backslash, where cron ends the command too; joined here as it was probably meant. " +
      remedyFor(shell)
    );
  }
  if (isShellsLine(shell.argv)) {
    return "a shell's line (sh -c). Put it into a script and name that in argv";
  }
  if (input) return `% begins a new line or the program's input. ${remedyFor(shell)}`;
  if (shell.beyond === undefined) return undefined;
  return `${shell.beyond}: a shell's work, and argv is no shell's line. ${remedyFor(shell)}`;
}

function remedyFor({ argv, beyond }: ShellLine): string {
  if (argv.length === 0) return "Put the line into a script and name that in argv";
  if (beyond === undefined || !/\$|`|~|pattern|braces/.test(beyond)) {
    return "Uncomment it if argv and cwd say all that is meant; output is kept in Logs/<job>/";
  }
  return "Write the values out in argv, or put the line into a script and name that";
}

/** crontab(5): an unescaped `%` ends the command's line, and what follows is its input. */
function percentOf(command: string): { text: string; input: boolean } {
  const [first = "", ...input] = command.replaceAll("\\%", "\u0000").split("%");
  return { text: first.replaceAll("\u0000", "%"), input: input.length > 0 };
}

function unquoted(text: string): string {
  const match = /^(["'])(.*)\1$/s.exec(text);
  return match?.[2] ?? text;
}

/** Whether a zone's winter and summer of a recent year differ. */
function changes(name: string): boolean {
  const zone = zoneNamed(name);
  if (!zone) return false;
  const offset = (day: string): number => zone.wallAt(Date.parse(day)) - Date.parse(day);
  return offset("2026-01-15T12:00:00Z") !== offset("2026-07-15T12:00:00Z");
}
