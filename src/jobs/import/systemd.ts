import { readCalendar, spanSeconds } from "./systemd-time.ts";
import { type Assignment, Unit, unitWords } from "./systemd-unit.ts";
import { isShellsLine } from "./shell-words.ts";
import {
  Draft,
  durationText,
  everyText,
  literal,
  type ImportContext,
  type Imported,
  type RemarkKind,
} from "./imported.ts";

/** The texts of one unit: its file and its drop-ins, each with its file's name. */
export type UnitTexts = readonly { name: string; text: string }[];

export interface SystemdTexts {
  /** The unit's name without its ending: `scan`. */
  name: string;
  timer: UnitTexts;
  service: UnitTexts;
}

/** Keys of a service that mean nothing to a job, or that are its habit anyway. */
const NEEDLESS = new Set([
  "Unit.Description",
  "Unit.Documentation",
  "Unit.After",
  "Unit.Wants",
  "Install.WantedBy",
  "Install.Also",
  "Service.Type",
  "Service.StandardOutput",
  "Service.StandardError",
  "Service.SyslogIdentifier",
  "Service.KillMode",
  "Timer.Unit",
  "Timer.AccuracySec",
]);

/** What is otherwise of keys that people use. */
const OTHERWISE: Readonly<Record<string, string>> = {
  "Service.User": "it runs as the user who runs cbi",
  "Service.Group": "it runs as the user who runs cbi",
  "Service.ExecStartPost": "it is not run; a job with `after` comes after this one",
  "Service.ExecStop": "a job is ended by TERM and, after `grace`, KILL, to its whole group",
  "Service.ExecStopPost": "it is not run; a job with `after` comes after this one",
  "Service.ExecReload": "a job is not reloaded",
  "Service.WatchdogSec": "cbi asks a file, not sd_notify: `heartbeat`",
  "Timer.RandomizedDelaySec": "slots are due at their time",
  "Timer.OnBootSec": "cbi starts by the clock, not by the boot",
  "Timer.OnActiveSec": "cbi starts by the clock, not by when the timer was started",
  "Timer.OnStartupSec": "cbi starts by the clock, not by the session's start",
  "Unit.Requires": "a job knows other jobs: `after`, and the gate `output`",
  "Unit.OnFailure": "a failure is told by cbi status and the watchdog",
  "Unit.ConditionPathExists": "write a gate: { command: [test, -e, PATH] }",
};

/** Turns a timer with its service, or a service alone, into a job. */
export function importSystemd(texts: SystemdTexts, context: ImportContext): Imported {
  const draft = new Draft();
  const [timer, service] = [new Unit(texts.timer), new Unit(texts.service)];
  const reader = new UnitReader(draft, texts, timer, service, context);
  reader.read();
  for (const one of [...timer.assignments, ...service.assignments]) {
    const key = `${one.section}.${one.key}`;
    const message = OTHERWISE[key];
    if (message !== undefined)
      draft.note("differs", one.line, `${one.file}, ${one.key}: ${message}`);
    else if (!NEEDLESS.has(key) && !reader.known.has(key)) {
      draft.note("not-taken", one.line, `${one.file}, ${one.key} has no counterpart`);
    }
  }
  return draft.end();
}

/** What one command line gives. */
interface Program {
  argv: string[];
  beyond: string | undefined;
  /** The signs before it that mean something: `-`, `+`, `!`, `:`, `@`. */
  signs: string;
}

class UnitReader {
  /** The keys that have been made something of. */
  readonly known = new Set<string>();
  readonly #draft: Draft;
  readonly #texts: SystemdTexts;
  readonly #timer: Unit;
  readonly #service: Unit;
  readonly #context: ImportContext;
  readonly #held: string[] = [];

  constructor(
    draft: Draft,
    texts: SystemdTexts,
    timer: Unit,
    service: Unit,
    context: ImportContext,
  ) {
    this.#draft = draft;
    this.#texts = texts;
    this.#timer = timer;
    this.#service = service;
    this.#context = context;
  }

  read(): void {
    const starts = this.#services("ExecStart");
    const restart = this.#service1("Restart")?.value ?? "no";
    const isOneShot = this.#service.last("Service", "Type")?.value === "oneshot";
    const isService = !isOneShot && restart !== "no";
    const when = this.#when();
    const program = this.#program(starts);
    const name = this.#draft.add({
      line: (this.#timer.all("Timer", "OnCalendar")[0] ?? starts[0])?.line ?? 1,
      source: starts.map(({ value }) => value).join("; ") || this.#texts.name,
      called: [this.#texts.name],
      settings: {
        kind: isService ? "service" : "command",
        description: this.#description(),
        ...when,
        cwd: this.#folder(),
        env: this.#environment(),
        env_file: this.#environmentFile(),
        gates: this.#gates(),
        argv: program?.argv.map(literal) ?? [],
        ...(isService ? this.#keptAlive() : this.#ended(program)),
        grace: this.#span("TimeoutStopSec"),
      },
      held: this.#held.length === 0 ? undefined : this.#held.join("; "),
    });
    this.#differences(name, isService, restart);
  }

  #program(starts: readonly Assignment[]): Program | undefined {
    const [first] = starts;
    if (!first) {
      const where =
        this.#texts.service.length === 0 ? "its .service was not found" : "no ExecStart";
      this.#held.push(`${where}: write argv`);
      return undefined;
    }
    const program = programOf(first.value);
    if (starts.length > 1) {
      this.#held.push("several ExecStart lines, run in order: make each a job, with `after`");
    }
    if (program.beyond !== undefined) {
      this.#held.push(`${program.beyond}: write the value out in argv`);
    }
    const [command = ""] = program.argv;
    if (isShellsLine(program.argv)) {
      this.#held.push("a shell's line (sh -c): put it into a script and name that in argv");
    }
    if (
      /(^|\/)systemctl$/.test(command) &&
      program.argv.some((word) => /restart|start/.test(word))
    ) {
      this.#held.push(
        "it starts another unit: give that job this schedule, since each slot of a service starts it anew",
      );
    }
    return program;
  }

  #when(): Record<string, unknown> {
    const events = this.#timers("OnCalendar");
    const every = this.#timer1("OnUnitActiveSec") ?? this.#timer1("OnUnitInactiveSec");
    const crons: string[] = [];
    const zones = new Set<string>();
    for (const event of events) {
      const read = readCalendar(event.value);
      if ("problem" in read) {
        this.#held.push(read.problem);
        continue;
      }
      crons.push(read.cron);
      zones.add(read.zone ?? this.#context.zone);
      const seconds = "the seconds are left out: slots are whole minutes";
      if (read.isRounded) this.#note("differs", event, seconds);
    }
    if (zones.size > 1) {
      this.#held.push(`times in ${[...zones].join(" and ")}: a job has one zone; make two jobs`);
    }
    const seconds = every && spanSeconds(every.value);
    const interval = seconds === undefined ? undefined : everyText(seconds);
    if (every && interval === undefined) {
      this.#held.push(`${every.key}=${every.value}: cbi's every takes whole minutes up to a week`);
    }
    const isPersistent = isTrue(this.#timer1("Persistent")?.value);
    const isWaking = isTrue(this.#timer1("WakeSystem")?.value);
    return {
      schedule: crons.length === 0 ? undefined : crons,
      every: interval,
      zone: crons.length === 0 ? undefined : [...zones][0],
      catch_up: events.length === 0 ? undefined : { policy: isPersistent ? "latest" : "none" },
      power: isWaking ? { wake: true } : undefined,
    };
  }

  #description(): string | undefined {
    const found =
      this.#service.last("Unit", "Description") ?? this.#timer.last("Unit", "Description");
    return found?.value.slice(0, 500);
  }

  #folder(): string | undefined {
    const found = this.#service1("WorkingDirectory")?.value.replace(/^-/, "");
    if (found === undefined) return undefined;
    if (found.startsWith("~") || found.includes("%")) {
      this.#held.push(`WorkingDirectory=${found}: write the folder out in cwd`);
      return undefined;
    }
    return literal(found);
  }

  #environment(): Record<string, string> | undefined {
    const pairs = this.#services("Environment").flatMap(({ value }) => {
      const { words, beyond } = unitWords(value);
      if (beyond?.includes("specifier") === true) {
        this.#held.push(`Environment=${value}: write the value out in env`);
      }
      return words.flatMap((word) => {
        const at = word.indexOf("=");
        return at > 0 ? [[word.slice(0, at), literal(word.slice(at + 1))] as const] : [];
      });
    });
    return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
  }

  #environmentFile(): string | undefined {
    const files = this.#services("EnvironmentFile");
    const [first, second] = files;
    if (!first) return undefined;
    if (second) this.#note("not-taken", second, "a second EnvironmentFile: env_file is one");
    const message = "env_file must be of mode 0600, and must be there";
    this.#note("differs", first, `EnvironmentFile: ${message}`);
    return first.value.replace(/^-/, "");
  }

  /** What must succeed before a start is a gate: it fails closed, and says in the ledger why. */
  #gates(): unknown[] | undefined {
    const before = [...this.#services("ExecCondition"), ...this.#services("ExecStartPre")];
    const gates = before.flatMap((one) => {
      const { argv, beyond, signs } = programOf(one.value);
      if (beyond !== undefined) {
        this.#held.push(`${one.key}: ${beyond}: write the value out in gates`);
      }
      if (signs.includes("-")) {
        const message = `${one.key} with - may fail: it is left out, since a gate that may fail is none`;
        this.#note("not-taken", one, message);
        return [];
      }
      const message = `${one.key} is a gate: a failure skips the slot with what it said, and starts nothing`;
      this.#note("differs", one, message);
      return [{ command: argv.map(literal) }];
    });
    const all = [...this.#powerGate(), ...gates];
    return all.length === 0 ? undefined : all;
  }

  #powerGate(): unknown[] {
    const key = "ConditionACPower";
    this.known.add(`Unit.${key}`);
    const asked = this.#service.last("Unit", key) ?? this.#timer.last("Unit", key);
    if (!asked || !isTrue(asked.value)) return [];
    this.#note("differs", asked, `${key} is a gate: on battery the slot is skipped and says so`);
    return [{ ac_power: true }];
  }

  #keptAlive(): Record<string, unknown> {
    const codes = this.#services("RestartPreventExitStatus").flatMap(({ value }) =>
      value.split(/\s+/),
    );
    const numbers = codes.filter((code) => /^\d{1,3}$/.test(code)).map(Number);
    const max = Number(this.#limit("StartLimitBurst") ?? "");
    const within = spanSeconds(this.#limit("StartLimitIntervalSec") ?? "");
    const delay = this.#span("RestartSec");
    const restart = {
      ...(max > 0 && { max }),
      ...(within !== undefined && within > 0 && { within: durationText(within) }),
      ...(delay !== undefined && { delay }),
      ...(numbers.length > 0 && { never_on: numbers }),
    };
    return { restart: Object.keys(restart).length === 0 ? undefined : restart };
  }

  #ended(program: Program | undefined): Record<string, unknown> {
    const codes = this.#services("SuccessExitStatus").flatMap(({ value }) => value.split(/\s+/));
    const done = codes.filter((code) => /^\d{1,3}$/.test(code)).map((code) => [code, "done"]);
    const isIgnored = program?.signs.includes("-") === true;
    const table = [...done, ...(isIgnored ? [["other", "done"]] : [])];
    return {
      timeout: this.#span("RuntimeMaxSec") ?? this.#span("TimeoutStartSec"),
      exit_codes: table.length === 0 ? undefined : Object.fromEntries(table),
    };
  }

  #differences(name: string, isService: boolean, restart: string): void {
    const differs = (message: string): void =>
      this.#draft.note("differs", undefined, message, name);
    if (this.#texts.timer.length === 0) {
      differs("a service without a timer has no slot: give it a schedule, or start it by hand");
    }
    if (isService) {
      differs(
        `Restart=${restart}: it is kept alive until \`until\`, and a restart storm is a failure`,
      );
      if (this.#service1("RestartPreventExitStatus") && this.#service1("ExecStartPre")) {
        differs(
          "RestartPreventExitStatus is asked of the main process alone, never of ExecStartPre; a gate here needs none",
        );
      }
    } else {
      differs("a run may take an hour unless timeout says otherwise");
    }
    if (this.#timer1("OnUnitActiveSec") ?? this.#timer1("OnUnitInactiveSec")) {
      differs(
        "systemd counts from the unit's last start or end; slots are multiples since 1970, in UTC",
      );
    }
    differs("the environment is that of cbi, where systemd begins with an almost empty one");
  }

  #note(kind: RemarkKind, about: Assignment, message: string): void {
    this.#draft.note(kind, about.line, `${about.file}, ${message}`);
  }

  #limit(key: string): string | undefined {
    this.known.add(`Unit.${key}`);
    this.known.add(`Service.${key}`);
    return (this.#service.last("Unit", key) ?? this.#service.last("Service", key))?.value;
  }

  #span(key: string): string | undefined {
    const found = this.#service1(key);
    const seconds = found && spanSeconds(found.value);
    return seconds === undefined || seconds <= 0 ? undefined : durationText(seconds);
  }

  #services(key: string): Assignment[] {
    this.known.add(`Service.${key}`);
    return this.#service.all("Service", key);
  }

  #service1(key: string): Assignment | undefined {
    return this.#services(key).at(-1);
  }

  #timers(key: string): Assignment[] {
    this.known.add(`Timer.${key}`);
    return this.#timer.all("Timer", key);
  }

  #timer1(key: string): Assignment | undefined {
    return this.#timers(key).at(-1);
  }
}

function isTrue(value: string | undefined): boolean {
  return /^(?:true|yes|on|1)$/i.test(value ?? "");
}

function programOf(value: string): Program {
  const signs = /^[-@:+!]*/.exec(value)?.[0] ?? "";
  const { words, beyond } = unitWords(value.slice(signs.length).trim());
  // With @ the second word is the name that the program sees of itself.
  const argv = signs.includes("@") ? [...words.slice(0, 1), ...words.slice(2)] : words;
  return { argv, beyond, signs };
}
