import type { z } from "zod";
import type { Config, StageName } from "../config/schema.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { TradingCalendar } from "../schedule/calendar/calendar.ts";
import type { Clock } from "../system/clock.ts";
import type { HomePaths } from "../system/home.ts";
import type { TrainingExecutor } from "../training/training.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { DeclaredOutput } from "./declared-output.ts";
import type { RunEvent } from "./events.ts";

/** What a stage may use. Time, processes and the warehouse come in by it, nothing by the side door. */
export interface StageContext {
  run: string;
  job: string;
  /** The day whose close the run may know. Every read respects it. */
  asOf: string;
  config: Config;
  paths: HomePaths;
  /** Where the run's own reports go: `Logs/<job>/<run>/`. */
  runFolder: string;
  clock: Clock;
  calendar: TradingCalendar;
  warehouse: Warehouse;
  ledger: Ledger;
  /** Made on first use: only stages that train or predict pay for worker processes. */
  executor: () => Promise<TrainingExecutor>;
  /** Aborted when the run is to end or the stage's deadline has passed. */
  signal: AbortSignal;
  emit: (event: RunEvent) => void;
  /** Tells a person something that does not stop the run; kept with the run. */
  warn: (message: string) => void;
}

/**
 * A typed step of a night. Its output is a small JSON value that names and hashes what it made; the
 * files themselves lie in the home. `run` may be repeated after a crash at any instruction.
 */
export interface Stage<Name extends StageName, In, Out> {
  readonly name: Name;
  /** Raised when the same inputs would now give another output; part of the fingerprint. */
  readonly version: number;
  readonly output: z.ZodType<Out>;
  readonly limits: { attempts: number; deadlineMs: number };
  /** Everything besides name, version and code that decides the output, as a JSON value. */
  fingerprint(input: In, context: StageContext): Promise<unknown>;
  run(input: In, context: StageContext): Promise<Out>;
  /** The files that must exist with these hashes for the output to count. */
  outputs(output: Out): readonly DeclaredOutput[];
  /** What is wrong with an output beyond its files, or undefined. Asked after `run` and before reuse. */
  verify?(output: Out, input: In, context: StageContext): Promise<string | undefined>;
  /**
   * What every run does once the output stands, also where it was used again, and what never changes
   * that output. Repeatable like `run`. Returns what there is to add to the summary.
   */
  afterwards?(output: Out, input: In, context: StageContext): Promise<string | undefined>;
  /** One line for a person. */
  summarize(output: Out): string;
}
