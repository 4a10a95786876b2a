import type { PowerAssertion } from "../../../src/host/launchd/pmset/assertions-text.ts";
import {
  isWaking,
  POWER_EVENT_TYPES,
  type PowerEventType,
  type RepeatingEvent,
} from "../../../src/host/launchd/pmset/sched-text.ts";
import { zoneNamed, type Zone } from "../../../src/schedule/zone.ts";
import { assertionsText, schedText } from "./pmset-print.ts";

/** What powerd has in mind; `pmset.json` of the state. */
export interface PowerState {
  /** The Mac's own zone. */
  zone: string;
  on?: RepeatingEvent;
  off?: RepeatingEvent;
  events: { type: PowerEventType; atMs: number; owner: string; isVisible?: boolean }[];
  /** `AC Power`, `Battery Power`. */
  source: string;
  /** What the log of the last days says. */
  log: string;
  custom: string;
  /** Wakes that are asked for are taken, and not set: as by a tool that the system keeps from it. */
  isDeaf?: boolean;
}

export const CALM: PowerState = {
  zone: "Europe/Berlin",
  events: [],
  source: "AC Power",
  log: "",
  custom: "AC Power:\n sleep                0\n",
};

/** What a call prints, and its exit code. */
interface Answer {
  code: number;
  stdout?: string;
  stderr?: string;
}

const ok: Answer = { code: 0 };
const MUST_BE_ROOT = "pmset: Must be run as root to modify settings";
const USAGE = "Usage:  pmset [-g] ...\n\tpmset repeat ...\n";

type Outcome = { answer: Answer; next?: PowerState };

/** What pmset says of a call, and what powerd has in mind after it. */
export function pmsetOn(
  state: PowerState,
  { args, uid }: { args: readonly string[]; uid: number },
  nowMs: number,
  assertions: readonly PowerAssertion[],
): Outcome {
  const [verb = "", ...rest] = args;
  switch (verb) {
    case "-g":
      return { answer: shown(state, rest[0] ?? "", assertions) };
    case "repeat":
      return repeat(state, rest, uid);
    case "sched":
    case "schedule":
      return schedule(state, rest, uid, nowMs);
    default:
      return { answer: { code: 1, stdout: USAGE } };
  }
}

function shown(state: PowerState, what: string, assertions: readonly PowerAssertion[]): Answer {
  const zone = zoneOf(state);
  switch (what) {
    case "sched": {
      const events = sorted(state).map(({ type, atMs, owner, isVisible }, index) => ({
        index,
        type,
        owner,
        wall: new Date(zone.wallAt(atMs)).toISOString().slice(0, 19),
        isVisible: isVisible === true,
      }));
      return { code: 0, stdout: schedText({ on: state.on, off: state.off, events }) };
    }
    case "batt":
    case "ps":
      return { code: 0, stdout: `Now drawing from '${state.source}'\n` };
    case "custom":
      return { code: 0, stdout: state.custom };
    case "log":
      return { code: 0, stdout: `PM ASL data store: /var/log/powermanagement\n${state.log}` };
    case "assertions":
      return { code: 0, stdout: assertionsText(assertions) };
    default:
      return { code: 1, stdout: USAGE };
  }
}

/** One event that turns on and one that turns off: whatever a call does not name is deleted. */
function repeat(state: PowerState, words: readonly string[], uid: number): Outcome {
  const { on: _on, off: _off, ...rest } = state;
  if (words[0] === "cancel") return uid === 0 ? { answer: ok, next: rest } : notRoot();
  const slots: { on?: RepeatingEvent; off?: RepeatingEvent } = {};
  for (let at = 0; at < words.length; at += 3) {
    const type = typeNamed(words[at]);
    if (!type) return badRepeat("Error: Unspecified scheduled event type\n");
    const event = repeating(type, words[at + 1] ?? "", words[at + 2] ?? "");
    if (!event) return badRepeat("");
    slots[isWaking(type) ? "on" : "off"] = event;
  }
  return uid === 0 ? { answer: ok, next: { ...rest, ...slots } } : notRoot();
}

function repeating(type: PowerEventType, days: string, time: string): RepeatingEvent | undefined {
  const mask = ["m", "t", "w", "r", "f", "s", "u"].reduce(
    (bits, letter, index) => bits | (days.toLowerCase().includes(letter) ? 1 << index : 0),
    0,
  );
  const [, hour, minute] = /^(\d{1,2}):(\d\d):\d\d$/.exec(time) ?? [];
  if (mask === 0 || hour === undefined || Number(hour) > 23) return undefined;
  return { type, minuteOfDay: Number(hour) * 60 + Number(minute), days: mask };
}

function badRepeat(stdout: string): Outcome {
  const stderr = "Error: badly formatted repeating power event\n";
  return { answer: { code: 1, stdout: stdout + USAGE, stderr } };
}

function notRoot(): Outcome {
  return { answer: says(1, MUST_BE_ROOT) };
}

/** `schedule [cancel N | cancel TYPE DATE OWNER | cancelall | TYPE DATE OWNER]`: whatever it cannot read is 70. */
function schedule(
  state: PowerState,
  words: readonly string[],
  uid: number,
  nowMs: number,
): Outcome {
  if (words[0] === "cancelall") {
    return uid === 0 ? { answer: ok, next: { ...state, events: [] } } : notRoot();
  }
  const isCancel = words[0] === "cancel";
  const asked = isCancel ? words.slice(1) : words;
  const event = /^\d+$/.test(asked[0] ?? "")
    ? sorted(state)[Number(asked[0])]
    : described(state, asked);
  if (typeof event === "string") return { answer: { code: 70, stdout: event } };
  if (!event) return { answer: { code: 70, stdout: "Error parsing scheduled event.\n" } };
  if (uid !== 0) return { answer: says(1, "pmset: This operation must be run as root") };
  if (!isCancel) {
    const events = state.events.filter(({ atMs }) => atMs >= nowMs);
    return { answer: ok, next: state.isDeaf ? state : { ...state, events: [...events, event] } };
  }
  const at = state.events.findIndex(
    ({ type, atMs, owner }) => type === event.type && atMs === event.atMs && owner === event.owner,
  );
  if (at < 0) return { answer: says(1, "pmset: Error in scheduling operation") };
  return { answer: ok, next: { ...state, events: state.events.toSpliced(at, 1) } };
}

function described(
  state: PowerState,
  [name, date = "", owner = "pmset"]: readonly string[],
): PowerState["events"][number] | string {
  const type = typeNamed(name);
  const failed = "Error parsing scheduled event.\n";
  if (!type) return `Error: Unspecified scheduled event type\n${failed}`;
  const atMs = instantOf(date, zoneOf(state));
  if (atMs === undefined) return `Error: Badly formatted date (2)\n${failed}`;
  return { type, atMs, owner };
}

/** `MM/dd/yy HH:mm:ss` on the Mac's clock; of two passes the later, as ICU takes it. */
function instantOf(text: string, zone: Zone): number | undefined {
  const [, month, day, year, time] = /^(\d\d)\/(\d\d)\/(\d\d) (\d\d:\d\d:\d\d)$/.exec(text) ?? [];
  const wall = Date.parse(`20${year}-${month}-${day}T${time}Z`);
  if (Number.isNaN(wall)) return undefined;
  const { dueMs, change } = zone.dueOf(wall);
  if (change !== "overlap") return dueMs;
  const [after] = zone.changesBetween(dueMs, dueMs + 4 * 3_600_000);
  return after ? wall - after.offsetMs : dueMs;
}

function typeNamed(word: string | undefined): PowerEventType | undefined {
  const name = word?.toLowerCase();
  // Only the people's word is taken: `wakepoweron` is powerd's own.
  if (name === "wakepoweron") return undefined;
  return POWER_EVENT_TYPES.find(
    (type) => type === (name === "wakeorpoweron" ? "wakepoweron" : name),
  );
}

/** As powerd lists them: in order of time within a type. */
function sorted({ events }: PowerState): PowerState["events"] {
  return events.toSorted((left, right) => left.atMs - right.atMs);
}

function zoneOf({ zone }: PowerState): Zone {
  const found = zoneNamed(zone);
  if (!found) throw new Error(`no zone ${zone}`);
  return found;
}

/** `date +FORMAT` and `date -r SECONDS +FORMAT`, which on Linux is a file's. */
export function dateOn(zoneName: string, args: readonly string[], nowMs: number): string {
  const zone = zoneNamed(zoneName);
  const at = args.indexOf("-r");
  const instantMs = at < 0 ? nowMs : Number(args[at + 1]) * 1000;
  const wall = new Date(zone?.wallAt(instantMs) ?? 0).toISOString();
  const [, year = "", month = "", day = "", hour = "", minute = "", second = ""] =
    /^(\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)/.exec(wall) ?? [];
  const parts: Record<string, string> = {
    s: `${Math.floor(instantMs / 1000)}`,
    Y: year,
    y: year.slice(2),
    m: month,
    d: day,
    H: hour,
    M: minute,
    S: second,
    z: "+0000",
  };
  const format = args.find((word) => word.startsWith("+")) ?? "+%s";
  return format.slice(1).replaceAll(/%(.)/g, (_all, letter: string) => parts[letter] ?? "?");
}

function says(code: number, stderr: string): Answer {
  return { code, stderr: `${stderr}\n` };
}
