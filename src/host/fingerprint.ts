import type { Zone } from "../schedule/zone.ts";
import { canonicalJson, hashText } from "../system/files.ts";
import type { HostedHome, HostedJob } from "./hosted-home.ts";

/** Under this name what a host starts is told which compilation started it. */
export const FINGERPRINT_VARIABLE = "CBI_HOST_FINGERPRINT";

/**
 * Names what a job's alarms were compiled from: its schedule, the machine's zone, the zone data, the
 * offsets that the two clocks will have to each other, what is started, and the version. Another
 * fingerprint means: compile again. The first 16 hexadecimal digits of a SHA-256.
 */
export function jobFingerprint(home: HostedHome, job: HostedJob): string {
  return fingerprint({
    schedule: job.scheduleText,
    ...(job.isService && { isService: true }),
    power: job.power,
    stopSeconds: job.stopSeconds,
    pairs: offsetPairs(home, job.schedule.zone),
    ...sharedFacts(home),
  });
}

/** The fingerprint of all jobs of a home together, by which the watchdog sees that one has changed. */
export function homeFingerprint(home: HostedHome): string {
  const jobs = home.jobs.map((job) => [job.name, jobFingerprint(home, job)]);
  return fingerprint({ jobs, ...sharedFacts(home) });
}

function sharedFacts(home: HostedHome): object {
  const { root, scope, account, program, environment, zone, zoneData, version } = home;
  return { root, scope, account, program, environment, zone: zone.name, zoneData, version };
}

function fingerprint(facts: object): string {
  return hashText(canonicalJson(facts)).slice(0, 16);
}

/** Every pair of offsets that the machine's clock and the job's have at the same time. */
function offsetPairs({ zone, fromMs, throughMs }: HostedHome, other: Zone): string[] {
  const changes = [zone, other].flatMap((one) => one.changesBetween(fromMs, throughMs));
  const instants = [fromMs, ...changes.map(({ atMs }) => atMs)];
  const pairs = instants.map((atMs) => `${zone.offsetMsAt(atMs)} ${other.offsetMsAt(atMs)}`);
  return [...new Set(pairs)].sort();
}
