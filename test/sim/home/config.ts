import type { Home } from "../../../src/config/home.ts";
import { HomeJobs } from "../../../src/jobs/schedules.ts";
import { hashText } from "../../../src/system/files.ts";
import { homePaths } from "../../../src/system/home.ts";
import { parse } from "../../config/support.ts";
import { plantedBugs } from "../planted/bugs.ts";

export const HOME = "/home";

/** What of the home the seed decides. */
export interface HomeChoice {
  zone: string;
  policy: "none" | "latest" | "all";
  maxAge: string | undefined;
}

/** The jobs: a night, one that follows it, one of the session day that shares a group with that, and one at 02:15. */
export function configText({ zone, policy, maxAge }: HomeChoice): string {
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
  sweep: { kind: command, schedule: ['15 2 * * *', '45 14 * * *'], argv: [sweep], timeout: 10m, grace: 5s, catch_up: { policy: none } }
`;
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
