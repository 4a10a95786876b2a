import { pythonCalls, type PythonCall, type PythonValue } from "./python-calls.ts";
import {
  apschedulerCron,
  crontabFields,
  CRON_KEYWORDS,
  type CronReading,
} from "./apscheduler-cron.ts";
import {
  Draft,
  durationText,
  everyText,
  literal,
  type ImportContext,
  type Imported,
} from "./imported.ts";

const ADDERS = ["add_job", "scheduled_job"];
const SCHEDULERS = [
  "BlockingScheduler",
  "BackgroundScheduler",
  "AsyncIOScheduler",
  "GeventScheduler",
  "TornadoScheduler",
  "TwistedScheduler",
  "QtScheduler",
  "configure",
];
const RUNNERS = ["subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.Popen"];
const INTERVAL_SECONDS: Readonly<Record<string, number>> = {
  weeks: 604_800,
  days: 86_400,
  hours: 3600,
  minutes: 60,
  seconds: 1,
};
/** Keywords of add_job that a job has no use for. */
const NEEDLESS = new Set([
  "id",
  "name",
  "args",
  "kwargs",
  "func",
  "trigger",
  "replace_existing",
  "jobstore",
  "executor",
]);

/**
 * Turns the `add_job` calls of a Python source for APScheduler 3 into jobs. The source is read, never run:
 * what is no literal is said and left to a person.
 */
export function importApscheduler(source: string, context: ImportContext): Imported {
  const draft = new Draft();
  const calls = pythonCalls(source, [...ADDERS, ...SCHEDULERS]);
  const zone = schedulerZone(draft, calls) ?? context.zone;
  for (const call of calls) {
    if (!ADDERS.includes(lastName(call.name))) continue;
    if (draft.isFull) {
      draft.note("not-taken", call.line, "and all after it: the file has too many jobs");
      break;
    }
    addJob(draft, call, zone);
  }
  const { jobs } = draft.end();
  if (jobs.length === 0) {
    draft.note("not-taken", undefined, "there is no add_job or scheduled_job call in it");
  } else {
    const differs = (message: string): void => draft.note("differs", undefined, message);
    differs("each run is a process of its own; functions of one process share nothing any more");
    differs("a run may take an hour unless timeout says otherwise");
    differs(
      "in a night of a clock change each wall-clock time is one run; APScheduler may give two, or none",
    );
  }
  return draft.end();
}

function schedulerZone(draft: Draft, calls: readonly PythonCall[]): string | undefined {
  for (const call of calls) {
    if (!SCHEDULERS.includes(lastName(call.name))) continue;
    const zone = zoneOf(call.keywords["timezone"]);
    if (zone === undefined) continue;
    draft.note("understood", call.line, `the scheduler's zone is ${zone}`);
    return zone;
  }
  return undefined;
}

function addJob(draft: Draft, call: PythonCall, zone: string): void {
  const held: string[] = [];
  const positional = [...call.positional];
  const called = call.decorates === undefined ? functionOf(call, positional) : undefined;
  const when = whenOf(call, positional, zone, held);
  const what = programOf(call, called, held);
  if (call.hasMore) held.push("*args or **kwargs hand over more than can be read");
  const text = (name: string): string | undefined => {
    const value = call.keywords[name];
    return value?.kind === "text" ? value.text : undefined;
  };
  const functionName = call.decorates ?? nameOf(called) ?? "job";
  const name = draft.add({
    line: call.line,
    source: `${lastName(call.name)}(${functionName}, …)`,
    called: [text("id") ?? text("name") ?? functionName.replace(/^.*[.:]/, "")],
    settings: {
      kind: "command",
      description: text("name"),
      ...when.settings,
      catch_up: when.hasTimes ? catchUpOf(call) : undefined,
      argv: what,
    },
    held: held.length === 0 ? undefined : held.join("; "),
  });
  noteDifferences(draft, name, call, when);
}

function functionOf(call: PythonCall, positional: PythonValue[]): PythonValue | undefined {
  return call.keywords["func"] ?? positional.shift();
}

function nameOf(value: PythonValue | undefined): string | undefined {
  if (value?.kind === "name") return value.name;
  return value?.kind === "text" && /^[\w.]+:[\w.]+$/.test(value.text) ? value.text : undefined;
}

interface When {
  settings: Record<string, unknown>;
  hasTimes: boolean;
  cron?: CronReading;
  isInterval: boolean;
}

function whenOf(
  call: PythonCall,
  positional: readonly PythonValue[],
  zone: string,
  held: string[],
): When {
  const trigger = call.keywords["trigger"] ?? positional[0];
  const nothing: When = { settings: {}, hasTimes: false, isInterval: false };
  const kind = triggerKind(trigger);
  const keywords = trigger?.kind === "call" ? trigger.keywords : call.keywords;
  const own = zoneOf(keywords["timezone"]);
  if (keywords["timezone"] && own === undefined) held.push("its timezone is not written out");
  if (kind === "cron") {
    const isText = trigger?.kind === "call" && lastName(trigger.name) === "from_crontab";
    const first = trigger?.kind === "call" ? trigger.positional[0] : undefined;
    const cron = isText ? crontabFields(first) : apschedulerCron(keywords);
    if ("problem" in cron) {
      held.push(cron.problem);
      return { ...nothing, settings: { zone: own ?? zone } };
    }
    const settings = { schedule: [cron.cron], zone: own ?? zone };
    return { settings, hasTimes: true, cron, isInterval: false };
  }
  if (kind === "interval") {
    const seconds = intervalSeconds(keywords);
    const every = seconds === undefined ? undefined : everyText(seconds);
    if (every === undefined) {
      held.push("its interval is not whole minutes up to a week, or not written out");
    }
    return { settings: { every }, hasTimes: true, isInterval: true };
  }
  held.push(
    kind === "date"
      ? "it runs once at a date, and cbi schedules what recurs: cbi run does it by hand"
      : "its trigger cannot be read: write schedule or every",
  );
  return nothing;
}

function triggerKind(trigger: PythonValue | undefined): string | undefined {
  if (trigger?.kind === "text") return trigger.text;
  if (trigger?.kind !== "call") return trigger === undefined ? "date" : undefined;
  const name = lastName(trigger.name);
  if (name === "CronTrigger" || name === "from_crontab") return "cron";
  if (name === "IntervalTrigger") return "interval";
  return name === "DateTrigger" ? "date" : undefined;
}

function intervalSeconds(keywords: Readonly<Record<string, PythonValue>>): number | undefined {
  let seconds = 0;
  for (const [name, size] of Object.entries(INTERVAL_SECONDS)) {
    const value = keywords[name];
    if (value === undefined) continue;
    if (value.kind !== "number") return undefined;
    seconds += value.number * size;
  }
  // APScheduler takes an interval of nothing as a second.
  return seconds === 0 ? 1 : seconds;
}

/** The program that a call starts, or in its place the script that a person is to write. */
function programOf(call: PythonCall, called: PythonValue | undefined, held: string[]): string[] {
  const given = call.keywords["args"];
  const args = given?.kind === "list" ? given.items : [];
  const name = nameOf(called);
  if (name !== undefined && RUNNERS.includes(name)) {
    const [words] = args;
    const argv = words?.kind === "list" ? words.items.map(wordOf) : [];
    if (argv.length > 0 && argv.every((word) => word !== undefined)) return argv.map(literal);
    held.push(`${name} without a list of words: write argv`);
    return ["./scripts/write-me.sh"];
  }
  if (name === "os.system") {
    held.push("os.system is a shell's line: put it into a script and name that in argv");
    return ["./scripts/write-me.sh"];
  }
  const functionName = call.decorates ?? name ?? "a lambda";
  held.push(
    `${functionName} is a function of the scheduler's own process: make it a program of its own and name that in argv`,
  );
  const file = functionName.replace(/^.*[.:]/, "").replaceAll(/\W+/g, "_");
  const words = args.map(wordOf).filter((word) => word !== undefined);
  return ["python3", `scripts/${file}.py`, ...words.map(literal)];
}

function wordOf(value: PythonValue): string | undefined {
  if (value.kind === "text") return value.text;
  return value.kind === "number" ? String(value.number) : undefined;
}

/** APScheduler drops a run that is later than its grace, a second where none is named. */
function catchUpOf(call: PythonCall): Record<string, unknown> {
  const grace = call.keywords["misfire_grace_time"];
  const coalesce = call.keywords["coalesce"];
  const isAll = coalesce?.kind === "constant" && coalesce.constant === false;
  const policy = isAll ? "all" : "latest";
  if (grace?.kind === "constant" && grace.constant === null) return { policy };
  if (grace?.kind !== "number" || grace.number < 60) return { policy: "none" };
  return { policy, max_age: durationText(grace.number) };
}

function noteDifferences(draft: Draft, name: string, call: PythonCall, when: When): void {
  const differs = (message: string): void => draft.note("differs", call.line, message, name);
  for (const sentence of when.cron && "notes" in when.cron ? when.cron.notes : [])
    differs(sentence);
  if (when.isInterval) {
    differs(
      "APScheduler counts from its own start; slots are multiples of the interval since 1970, in UTC",
    );
  }
  if (when.hasTimes && !("misfire_grace_time" in call.keywords)) {
    differs(
      "without misfire_grace_time a late run is dropped, as here by catch_up: { policy: none }",
    );
  }
  const instances = call.keywords["max_instances"];
  if (instances?.kind === "number" && instances.number > 1) {
    differs(`max_instances=${instances.number}: one run of a job at a time`);
  }
  const known = new Set([
    ...CRON_KEYWORDS,
    ...NEEDLESS,
    ...Object.keys(INTERVAL_SECONDS),
    "timezone",
    "misfire_grace_time",
    "coalesce",
    "max_instances",
  ]);
  const trigger = call.keywords["trigger"] ?? call.positional.find((one) => one.kind === "call");
  const keywords = {
    ...call.keywords,
    ...(trigger?.kind === "call" && triggerKind(trigger) !== undefined ? trigger.keywords : {}),
  };
  for (const key of Object.keys(keywords)) {
    if (!known.has(key)) draft.note("not-taken", call.line, `${key} has no counterpart`, name);
  }
  if (call.keywords["kwargs"]) {
    draft.note("not-taken", call.line, "kwargs: write them into argv", name);
  }
}

/** `"America/New_York"`, `ZoneInfo("…")`, `pytz.timezone("…")`, `pytz.utc`. */
function zoneOf(value: PythonValue | undefined): string | undefined {
  if (value?.kind === "text") return value.text;
  if (value?.kind === "name" && /(?:^|\.)utc$/i.test(value.name)) return "UTC";
  if (value?.kind !== "call") return undefined;
  if (!["ZoneInfo", "timezone", "gettz"].includes(lastName(value.name))) return undefined;
  const [first] = value.positional;
  return first?.kind === "text" ? first.text : undefined;
}

function lastName(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
