import { parse, type PlistValue } from "plist";
import { z } from "zod";
import { messageOf } from "../../system/failure.ts";
import { singleLine } from "../../system/text.ts";
import { plistProblem } from "./plist-form.ts";
import { isShellsLine } from "./shell-words.ts";
import {
  Draft,
  durationText,
  everyText,
  literal,
  type ImportContext,
  type Imported,
} from "./imported.ts";

const calendarEntry = z.looseObject({
  Minute: z.int().min(0).max(59).optional(),
  Hour: z.int().min(0).max(23).optional(),
  Day: z.int().min(1).max(31).optional(),
  Weekday: z.int().min(0).max(7).optional(),
  Month: z.int().min(1).max(12).optional(),
});

type CalendarEntry = z.infer<typeof calendarEntry>;

const agent = z.looseObject({
  Label: z.string().optional(),
  Program: z.string().optional(),
  ProgramArguments: z.array(z.string()).optional(),
  StartCalendarInterval: z.union([calendarEntry, z.array(calendarEntry)]).optional(),
  StartInterval: z.number().positive().optional(),
  EnvironmentVariables: z.record(z.string(), z.string()).optional(),
  WorkingDirectory: z.string().optional(),
  KeepAlive: z.union([z.boolean(), z.looseObject({})]).optional(),
  RunAtLoad: z.boolean().optional(),
  Disabled: z.boolean().optional(),
  ExitTimeOut: z.number().nonnegative().optional(),
  ThrottleInterval: z.number().positive().optional(),
  TimeOut: z.number().nonnegative().optional(),
});

type Agent = z.infer<typeof agent>;

/** Keys whose effect a job has anyway, or that are nothing to it. */
const NEEDLESS = new Set(["ProcessType", "AbandonProcessGroup", "SessionCreate", "LowPriorityIO"]);

/** What is otherwise of keys that people use. */
const OTHERWISE: Readonly<Record<string, string>> = {
  StandardOutPath: "output goes to Logs/<job>/ (cbi logs), not to this file",
  StandardErrorPath: "output goes to Logs/<job>/ (cbi logs), not to this file",
  StandardInPath: "a job has no input",
  UserName: "it runs as the user who runs cbi",
  GroupName: "it runs as the user who runs cbi",
  WatchPaths: "cbi starts by the clock, not by a file's change; a gate `fresh` can wait for one",
  QueueDirectories: "cbi starts by the clock, not by a file's change",
  StartOnMount: "cbi starts by the clock, not by a disk's coming",
  Nice: "the priority is that of cbi",
  Umask: "the umask is that of cbi",
  LimitLoadToSessionType: "cbi knows no login sessions",
  RootDirectory: "there is no other root folder",
  Sockets: "cbi hands over no sockets",
  MachServices: "cbi hands over no Mach services",
};

/**
 * Turns a property list of launchd.plist(5) into a job: XML, at most one agent. Throws nothing; what is no
 * property list is a remark.
 */
export function importLaunchd(text: string, context: ImportContext): Imported {
  const draft = new Draft();
  const read = readPlist(text);
  if ("problem" in read) {
    draft.note("not-taken", undefined, read.problem);
    return draft.end();
  }
  addAgent(draft, read.agent, text, context);
  for (const key of Object.keys(read.agent)) {
    const message = OTHERWISE[key];
    const isKnown = key in agent.shape || NEEDLESS.has(key);
    if (message !== undefined) draft.note("differs", lineOf(text, key), `${key}: ${message}`);
    else if (!isKnown) draft.note("not-taken", lineOf(text, key), `${key} has no counterpart`);
  }
  return draft.end();
}

function readPlist(text: string): { agent: Agent } | { problem: string } {
  if (text.startsWith("bplist")) {
    return {
      problem: "a binary property list; make it XML first: plutil -convert xml1 -o out.plist FILE",
    };
  }
  const malformed = plistProblem(text);
  if (malformed !== undefined) return { problem: `it is no property list: ${malformed}` };
  let value: PlistValue;
  try {
    value = parse(text);
  } catch (error) {
    return { problem: `it is no property list: ${singleLine(messageOf(error), 160)}` };
  }
  const parsed = agent.safeParse(value);
  if (parsed.success) return { agent: parsed.data };
  const issue = parsed.error.issues[0];
  return { problem: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "no agent"}` };
}

function addAgent(draft: Draft, found: Agent, text: string, context: ImportContext): void {
  const argv = found.ProgramArguments ?? (found.Program === undefined ? [] : [found.Program]);
  const isService = found.KeepAlive !== undefined && found.KeepAlive !== false;
  const label = found.Label ?? "";
  const when = timesOf(found);
  const env = Object.entries(found.EnvironmentVariables ?? {});
  const line = lineOf(text, "ProgramArguments") ?? lineOf(text, "Program") ?? 1;
  const name = draft.add({
    line,
    source: label === "" ? argv.join(" ") : label,
    called: label === "" ? argv : [label.slice(label.lastIndexOf(".") + 1)],
    settings: {
      kind: isService ? "service" : "command",
      description: label === "" ? undefined : `was ${label}`,
      enabled: found.Disabled === true ? false : undefined,
      schedule: when.schedule,
      every: when.every,
      zone: when.schedule ? context.zone : undefined,
      catch_up: when.schedule ? { policy: "latest" } : undefined,
      cwd: found.WorkingDirectory === undefined ? undefined : literal(found.WorkingDirectory),
      env:
        env.length === 0
          ? undefined
          : Object.fromEntries(env.map(([key, value]) => [key, literal(value)])),
      argv: argv.map(literal),
      grace: found.ExitTimeOut ? durationText(found.ExitTimeOut) : undefined,
      restart:
        isService && found.ThrottleInterval !== undefined
          ? { delay: durationText(found.ThrottleInterval) }
          : undefined,
    },
    held: heldReason(found, argv, when, isService),
  });
  noteDifferences(draft, name, found, text, isService);
}

interface Times {
  schedule: string[] | undefined;
  every: string | undefined;
}

function timesOf(found: Agent): Times {
  const list = entriesOf(found);
  return {
    schedule: list.length === 0 ? undefined : list.map(cronText),
    every: found.StartInterval === undefined ? undefined : everyText(found.StartInterval),
  };
}

function entriesOf({ StartCalendarInterval: entries }: Agent): CalendarEntry[] {
  if (entries === undefined) return [];
  return Array.isArray(entries) ? entries : [entries];
}

/** launchd.plist(5): a missing key is a wildcard, and the meaning is that of crontab(5). */
function cronText({ Minute, Hour, Day, Month, Weekday }: CalendarEntry): string {
  return [Minute, Hour, Day, Month, Weekday].map((value) => value ?? "*").join(" ");
}

function heldReason(
  found: Agent,
  argv: readonly string[],
  when: Times,
  isService: boolean,
): string | undefined {
  if (argv.length === 0) return "it names no program: neither ProgramArguments nor Program";
  if (found.StartInterval !== undefined && when.every === undefined) {
    return `StartInterval of ${found.StartInterval} s: cbi's every takes whole minutes up to a week`;
  }
  if (isShellsLine(argv)) {
    return "a shell's line (sh -c). Put it into a script and name that in argv";
  }
  if (!isService && !when.schedule && when.every === undefined && found.RunAtLoad !== true) {
    return "nothing in it says when it starts; give it a schedule";
  }
  return undefined;
}

function noteDifferences(
  draft: Draft,
  name: string,
  found: Agent,
  text: string,
  isService: boolean,
): void {
  const differs = (key: string, message: string): void =>
    draft.note("differs", lineOf(text, key), message, name);
  if (found.RunAtLoad === true) {
    differs("RunAtLoad", "RunAtLoad: cbi starts by the clock; start it once with cbi run");
  }
  if (typeof found.KeepAlive === "object") {
    differs("KeepAlive", "KeepAlive: its conditions are not read; it is kept alive until `until`");
  }
  if (isService) {
    differs("KeepAlive", "a restart storm ends: `restart` says after how many within what time");
    return;
  }
  if (found.StartCalendarInterval !== undefined) {
    differs(
      "StartCalendarInterval",
      "launchd starts once after a sleep and never after power-off; by catch_up: { policy: latest } both are started late",
    );
    differs(
      "StartCalendarInterval",
      "its times are those of the machine's zone; --zone says another",
    );
    if (entriesOf(found).some(({ Day, Weekday }) => Day !== undefined && Weekday !== undefined)) {
      const message = "Day and Weekday together: either may name the day, as in crontab(5)";
      differs("StartCalendarInterval", message);
    }
    if (entriesOf(found).some(({ Minute }) => Minute === undefined)) {
      const message =
        "without Minute it starts every minute of its hours, here too; 0 was probably meant";
      differs("StartCalendarInterval", message);
    }
  }
  if (found.StartInterval !== undefined) {
    differs(
      "StartInterval",
      "launchd counts from the load and not while asleep; here slots are multiples of the interval since 1970, in UTC",
    );
  }
  if (found.TimeOut !== undefined) {
    differs("TimeOut", "TimeOut is how long launchd waits for it; the job's limit is `timeout`");
  }
  differs("ProgramArguments", "a run may take an hour; timeout says otherwise");
}

function lineOf(text: string, key: string): number | undefined {
  const at = text.search(new RegExp(`<key>\\s*${key.replaceAll(/[^\w]/g, ".")}\\s*</key>`));
  return at < 0 ? undefined : text.slice(0, at).split("\n").length;
}
