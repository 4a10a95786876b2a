import type { Config, StageName } from "../config/schema.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { RunRecord, Trigger } from "../ledger/runs.ts";
import type { RunStatus } from "../ledger/status-schema.ts";
import type { TradingCalendar } from "../schedule/calendar/calendar.ts";
import type { Clock } from "../system/clock.ts";
import type { ExitCode } from "../system/exit-code.ts";
import type { HomePaths } from "../system/home.ts";
import { processIdentity } from "../system/process-identity.ts";
import type { Random } from "../system/random.ts";
import type { TrainingExecutor } from "../training/training.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { Chain } from "./chain.ts";
import type { Emit } from "./events.ts";

/** What is asked for: one night as of a day, all of it or a part. */
export interface PipelineRequest {
  /** The run's id, where its asker needs to know it before; by default a new one. */
  run?: string;
  job: string;
  trigger: Trigger;
  slot?: string;
  asOf: string;
  /** Does this stage and all after it again; those before it are reused where they can be. */
  from?: StageName;
  /** Does this stage alone; those before it must be reusable, or nothing is done. */
  only?: StageName;
  /** Reuses nothing; with `only`, up to that stage. */
  force?: boolean;
}

/** The world of a run. */
export interface PipelineServices {
  paths: HomePaths;
  config: Config;
  configHash: string;
  /** The version of cbi, and a hash of its code, for fingerprints. */
  version: string;
  codeHash: string;
  chain: Chain<object>;
  clock: Clock;
  random: Random;
  calendar: TradingCalendar;
  warehouse: Warehouse;
  openExecutor: (signal: AbortSignal) => Promise<TrainingExecutor>;
  emit: Emit;
  signal: AbortSignal;
  /** Asked before each stage; throws a `Failure` of exit code 77 where the kill switch is on. */
  beforeStage?: () => Promise<void>;
  /** Called in the run's own lock after a finished night: retention. Returns what to warn of. */
  tidyUp?: (ledger: Ledger, run: string) => Promise<readonly string[]>;
}

/** How a run ended, in the shape of the status file. */
export interface RunVerdict {
  status: RunStatus;
  exitCode: ExitCode;
}

/** The record of a run as it begins. */
export function newRecord(
  id: string,
  request: PipelineRequest,
  services: PipelineServices,
): RunRecord {
  return {
    id,
    job: request.job,
    slot: request.slot,
    trigger: request.trigger,
    state: "running",
    asOf: request.asOf,
    startedMs: services.clock.now(),
    endedMs: undefined,
    owner: processIdentity(),
    version: services.version,
    configHash: services.configHash,
    exitCode: undefined,
    error: undefined,
    warnings: [],
  };
}
