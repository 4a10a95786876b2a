import { ON_TIME_MS } from "../schedule/due.ts";
import { utcText } from "../schedule/wall.ts";
import type { HomeFacts, HostFacts } from "./facts.ts";
import type { Finding, FindingKind, Severity } from "./finding.ts";

const MEBIBYTE = 1024 * 1024;
/** A night of the demo writes some 100 MiB; below this the ledger itself is in danger. */
export const FREE_FAIL_BYTES = 512 * MEBIBYTE;
export const FREE_WARN_BYTES = 2048 * MEBIBYTE;
/** Exchanges announce a year or more ahead, so a month is time enough to update. */
export const CALENDAR_DAYS_MIN = 30;

/** Everything that is not well with a home as a whole. Pure and total. */
export function judgeHome(facts: HomeFacts): Finding[] {
  return [...judgeDisk(facts), ...judgeCalendars(facts), ...judgeHost(facts.host)];
}

function judgeDisk({ freeBytes }: HomeFacts): Finding[] {
  if (freeBytes === undefined || freeBytes >= FREE_WARN_BYTES) return [];
  const severity = freeBytes < FREE_FAIL_BYTES ? "fail" : "warn";
  const message = `only ${Math.floor(freeBytes / MEBIBYTE)} MiB are free on the home's disk: cbi prune`;
  return [{ ...finding("disk", severity, message), needsPerson: severity === "fail" }];
}

function judgeCalendars({ calendars }: HomeFacts): Finding[] {
  return calendars
    .filter(({ daysLeft }) => daysLeft < CALENDAR_DAYS_MIN)
    .map(({ name, announcedThrough, daysLeft }) => {
      const when = daysLeft < 0 ? "ended on" : "ends on";
      const message = `what ${name} has announced ${when} ${announcedThrough}; update cbi, or add rows of your own`;
      return { ...finding("calendar", "warn", message), key: `calendar:${name}` };
    });
}

function judgeHost(host: HostFacts): Finding[] {
  if (!host.isInUse) return [];
  const found: Finding[] = [];
  for (const { job, isLoaded, isEnabled } of host.jobs) {
    if (isLoaded && isEnabled) continue;
    const state = isLoaded ? "is disabled" : "is not loaded";
    const message = `${job} ${state} at ${host.name}, so nothing starts it`;
    found.push({ ...finding("host", "fail", message), key: `host:${job}`, job });
  }
  if (host.stale !== undefined) {
    found.push({ ...finding("host", "warn", host.stale), key: "host:stale" });
  }
  for (const { job, dueMs, wakeMs } of host.wakes) {
    if (wakeMs !== undefined && wakeMs <= dueMs + ON_TIME_MS) continue;
    const why = host.wakeRefusal === undefined ? "" : ` (${host.wakeRefusal})`;
    const message = `no wake is set for ${job}, due ${utcText(dueMs)}${why}: a sleeping machine misses it`;
    found.push({ ...finding("wake", "warn", message), key: `wake:${job}`, job });
  }
  for (const { job, slot, is_well: isWell, evidence, remedy } of host.met) {
    if (isWell) continue;
    const message = `the machine was not woken for ${job}@${slot}: ${evidence}${remedy === null ? "" : `. ${remedy}`}`;
    found.push({ ...finding("wake", "warn", message), key: `woken:${job}`, job });
  }
  return found;
}

function finding(kind: FindingKind, severity: Severity, message: string): Finding {
  return {
    key: kind,
    kind,
    job: undefined,
    severity,
    message,
    needsPerson: false,
    isBeingHealed: false,
  };
}
