import type { Home } from "../../../src/config/home.ts";
import { HomeJobs } from "../../../src/jobs/schedules.ts";
import { hashText } from "../../../src/system/files.ts";
import { homePaths } from "../../../src/system/home.ts";
import { parse } from "../../config/support.ts";
import { plantedBugs } from "../planted/bugs.ts";
import type { Part } from "../swarm.ts";

export const HOME = "/home";

/** What of the home the seed decides. */
export interface HomeChoice {
  zone: string;
  policy: "none" | "latest" | "all";
  maxAge: string | undefined;
  parts?: ReadonlySet<Part>;
  /** What an edit may change of the job that edits are made to. */
  sweep?: SweepChoice;
}

export interface SweepChoice {
  /** Minutes of the hours 2 and 14. */
  minutes: readonly [number, number];
  isEnabled: boolean;
  isThere: boolean;
  zone: string | undefined;
}

export const SWEEP: SweepChoice = {
  minutes: [15, 45],
  isEnabled: true,
  isThere: true,
  zone: undefined,
};

const FRESH = "{ fresh: state/list.json, as_of_key: date, wait: 10m }";
const MAINS = "{ ac_power: true, wait: 5m }";
const TOKEN = "{ confirm: { variable: LIVE, file: state/token } }";

/** The jobs: a night, one that follows it, one of the session day that shares a group with that, and one at 02:15. */
export function configText(choice: HomeChoice): string {
  const { zone, policy, maxAge } = choice;
  const age = maxAge === undefined ? "" : `, max_age: ${maxAge}`;
  // The planted bug takes "every day" for "every 24 hours".
  const nightly = plantedBugs.has("interval-for-slots") ? "every: 1d" : "schedule: ['0 0 * * *']";
  return `version: 1
symbol: WTI
zone: ${zone}
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd }
horizons: { 1w: 5 }
jobs:
  nightly: { kind: pipeline, ${nightly}, catch_up: { policy: ${policy}${age} }, stages: { train: { attempts: 2, deadline: 90m } } }
  scan: { kind: command, schedule: ['30 8 * * *'], days: session, argv: [scan, '{slot_date}'], timeout: 20m, silence: 4m, grace: 5s, group: desk,
    retry: { attempts: 3, delay: 30s }, outputs: [{ path: 'out/{slot_date}.json', as_of_key: date }], catch_up: { policy: all, max_count: 3, max_age: 4d } }
  report: { kind: command, after: [nightly], argv: [report, '{slot_date}'], timeout: 20m, grace: 5s, group: desk }
${sweepText(choice.sweep ?? SWEEP, choice.parts?.has("edits") === true)}${partsText(choice.parts ?? new Set())}`;
}

function sweepText({ minutes, isEnabled, isThere, zone }: SweepChoice, isEdited: boolean): string {
  if (!isThere) return "";
  const own = `${zone === undefined ? "" : `zone: ${zone}, `}${isEnabled ? "" : "enabled: false, "}`;
  const [night, noon] = minutes;
  // Where its times are edited, a rush to catch up would show.
  const catchUp = isEdited ? "{ policy: all, max_count: 5, max_age: 2d }" : "{ policy: none }";
  return `  sweep: { kind: command, ${own}schedule: ['${night} 2 * * *', '${noon} 14 * * *'], argv: [sweep], timeout: 10m, grace: 5s, catch_up: ${catchUp} }
`;
}

/** Jobs behind gates, and a service of ten minutes a day. */
function partsText(parts: ReadonlySet<Part>): string {
  const gated = parts.has("gates")
    ? `  ship: { kind: command, schedule: ['0 9 * * *'], days: session, argv: [ship], timeout: 20m, grace: 5s, tags: [broker],
    gates: [${MAINS}, { output: scan, wait: 20m }], catch_up: { policy: latest, max_age: 6h } }
  live: { kind: command, schedule: ['30 9 * * *'], argv: [live], env: { LIVE: a-token }, timeout: 20m, grace: 5s, tags: [broker],
    gates: [${TOKEN}, ${FRESH}], retry: { attempts: 2 }, catch_up: { policy: all, max_age: 2d } }
`
    : "";
  const service = parts.has("service")
    ? `  trade: { kind: service, schedule: ['40 8 * * *'], until: '08:50', argv: [trade], grace: 5s, env: { LIVE: a-token }, tags: [broker],
    heartbeat: { path: state/beat, max_age: 40s }, silence: 45s, restart: { max: 3, within: 3m, delay: 2s, max_delay: 10s },
    ${parts.has("gates") ? `gates: [${TOKEN}, ${MAINS}], ` : ""}log_megabytes: 1 }
`
    : "";
  return gated + service;
}

const known = new Map<string, HomeJobs>();

/** The home of a text with its jobs, read once in all simulations: reading them has no effects. */
export function homeOf(text: string): { home: Home; jobs: HomeJobs } {
  let jobs = known.get(text);
  if (!jobs) {
    const paths = homePaths(HOME);
    const rest = { configHash: hashText(text), paths, text };
    jobs = new HomeJobs({ ...parse(text), ...rest });
    known.set(text, jobs);
  }
  // Each process has read its home by itself.
  return { home: { ...jobs.home }, jobs };
}
