import assert from "node:assert/strict";
import type { HostedHome, HostedJob } from "../../src/host/hosted-home.ts";
import { parseSchedule, type ScheduleText } from "../../src/schedule/schedule.ts";
import { zoneNamed, type Zone } from "../../src/schedule/zone.ts";

const FROM_MS = Date.UTC(2026, 0, 1);

/** A home of a night at New York's midnight, on a machine in Berlin; the rest is as you wish it. */
export function hostedHome(rest: Partial<HostedHome> = {}): HostedHome {
  const appFolder = "/Users/you/Library/Application Support/cbi";
  return {
    root: "/Users/you/cbi",
    scope: "system",
    account: { name: "you", folder: "/Users/you" },
    program: {
      appFolder,
      node: `${appFolder}/current/bin/node`,
      entry: `${appFolder}/current/node_modules/cbi/dist/cli/cbi.js`,
    },
    environment: { HOME: "/Users/you", PATH: "/usr/local/bin:/usr/bin:/bin" },
    zone: knownZone("Europe/Berlin"),
    zoneData: "2026a",
    version: "0.1.0",
    fromMs: FROM_MS,
    throughMs: FROM_MS + 3 * 365 * 86_400_000,
    jobs: [hostedJob("nightly", { schedule: ["0 0 * * *"] })],
    ...rest,
  };
}

export function hostedJob(
  name: string,
  schedule: Partial<ScheduleText>,
  rest: Partial<HostedJob> = {},
): HostedJob {
  const read = parseSchedule({ zone: "America/New_York", ...schedule });
  assert.ok(read.ok);
  return {
    name,
    isService: false,
    schedule: read.schedule,
    scheduleText: JSON.stringify({ ...schedule, calendar: schedule.calendar?.name }),
    power: { wake: true, awake: "ac" },
    stopSeconds: 60,
    ...rest,
  };
}

export function knownZone(name: string): Zone {
  const zone = zoneNamed(name);
  assert.ok(zone, name);
  return zone;
}
