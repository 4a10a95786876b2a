import { z } from "zod";

/**
 * What a replay was started with, kept beside it. A later command with the same replay goes on; one
 * that would mix different nights is told what differs.
 */
export const replayPlanSchema = z.strictObject({
  schema: z.literal(1),
  symbol: z.string(),
  job: z.string(),
  from: z.iso.date(),
  every: z.int().min(1),
  /** What decides the nights' results, by name: sections of cbi.yaml, SQL files, sources → SHA-256. */
  inputs: z.record(z.string(), z.string()),
});

export type ReplayPlan = z.infer<typeof replayPlanSchema>;

/** What to do with a folder that may hold a replay. */
export type ReplayStart =
  | { kind: "start" }
  | { kind: "resume" }
  | { kind: "refuse"; differences: string[] };

/**
 * Whether a replay starts, goes on or is refused. The last day is no part of it: a replay may be
 * made longer, since its nights so far are the same.
 */
export function decideStart(kept: ReplayPlan | undefined, wanted: ReplayPlan): ReplayStart {
  if (kept === undefined) return { kind: "start" };
  const facts = (["symbol", "job", "from", "every"] as const).flatMap((key) =>
    kept[key] === wanted[key] ? [] : [`${key} was ${kept[key]}, now ${wanted[key]}`],
  );
  const names = [...new Set([...Object.keys(kept.inputs), ...Object.keys(wanted.inputs)])].sort();
  const inputs = names.flatMap((name) => {
    if (wanted.inputs[name] === kept.inputs[name]) return [];
    if (kept.inputs[name] === undefined) return [`${name} is new`];
    return [wanted.inputs[name] === undefined ? `${name} is gone` : `${name} has changed`];
  });
  const differences = [...facts, ...inputs];
  return differences.length === 0 ? { kind: "resume" } : { kind: "refuse", differences };
}

/** Which of the days still have to be run, in order; what is done stays done. */
export function nightsLeft(days: readonly string[], done: ReadonlySet<string>): string[] {
  return days.filter((day) => !done.has(day));
}

/**
 * Seconds until the replay should be through: the mean of the newest nights for each that is left,
 * less what the night under way has used. Undefined before the first night has been timed.
 */
export function replaySecondsLeft(progress: {
  nightSeconds: readonly number[];
  left: number;
  underWaySeconds: number;
}): number | undefined {
  const newest = progress.nightSeconds.slice(-NEWEST_NIGHTS);
  if (newest.length === 0) return undefined;
  const mean = newest.reduce((sum, seconds) => sum + seconds, 0) / newest.length;
  return Math.max(0, progress.left * mean - Math.min(mean, progress.underWaySeconds));
}

/** Nights grow as history does, and a machine's load changes: only the last ones tell. */
const NEWEST_NIGHTS = 10;
