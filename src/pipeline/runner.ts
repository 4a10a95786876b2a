import { mkdir } from "node:fs/promises";
import type { Config, StageName } from "../config/schema.ts";
import { RunLock } from "../guard/run-lock.ts";
import { assertHomeOf } from "../ledger/home-symbol.ts";
import { Ledger } from "../ledger/ledger.ts";
import { keepLedgerCopy, openCheckedLedger } from "../ledger/restore.ts";
import {
  addWarning,
  endRun,
  findRun,
  insertRun,
  newestRuns,
  updateStage,
  type RecordedError,
  type RunRecord,
  type Trigger,
} from "../ledger/runs.ts";
import { projectStatus, runStatus } from "../ledger/status-file.ts";
import type { RunStatus } from "../ledger/status-schema.ts";
import { stagesOf } from "../ledger/runs.ts";
import type { TradingCalendar } from "../schedule/calendar/calendar.ts";
import type { Clock } from "../system/clock.ts";
import { ExitCode } from "../system/exit-code.ts";
import { messageOf, type Failure } from "../system/failure.ts";
import type { HomePaths } from "../system/home.ts";
import { isAlive, processIdentity } from "../system/process-identity.ts";
import type { Random } from "../system/random.ts";
import type { TrainingExecutor } from "../training/training.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { Chain } from "./chain.ts";
import { recordOf, toFailure } from "./classify.ts";
import type { Emit } from "./events.ts";
import { isRefusal, mayReuse, notReusable } from "./reuse.ts";
import { runFolder } from "./run-files.ts";
import { runStage } from "./run-stage.ts";
import { lockHeld, pipelineLockFile, runId } from "./run-start.ts";
import type { StageContext } from "./stage.ts";

export { lockHeld, pipelineLockFile };

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

/**
 * Runs a pipeline under the home's lock and records it: intent before effect, each transition in
 * the ledger and the status file. Returns the verdict of every way to end, and never throws; an
 * interrupted run is resumed by the next one through its checkpoints.
 */
export async function runPipeline(
  request: PipelineRequest,
  services: PipelineServices,
): Promise<RunVerdict> {
  const id = request.run ?? runId(services.clock, services.random);
  try {
    using lock = RunLock.tryTake(pipelineLockFile(services.paths));
    if (!lock) return refuse(id, request, services);
    const opened = openCheckedLedger(services.paths.ledger, services.clock);
    using ledger = opened.ledger;
    const run = new PipelineRun(id, request, services, ledger, lock);
    return await run.execute(opened.warning);
  } catch (error) {
    // The bookkeeping itself failed, as when the disk has no room for it: said, if not recorded.
    const failure = toFailure(error);
    return announce(endedBy(failure, "failed", id, request, services), failure, services);
  }
}

/**
 * Records that a run was asked for and not started, since another one is under way. The refusal
 * stands even when it cannot be recorded: a holder that is stopped may be in the midst of a write.
 */
function refuse(id: string, request: PipelineRequest, services: PipelineServices): RunVerdict {
  let failure = lockHeld("another process is running in this home; only one may");
  try {
    using ledger = Ledger.open(services.paths.ledger);
    const [holder] = newestRuns(ledger, { states: ["running"], limit: 1 });
    if (holder) {
      const who = `run ${holder.id} (process ${holder.owner.pid})`;
      failure = lockHeld(`${who} is running in this home; only one may`);
    }
    insertRun(ledger, endedBy(failure, "refused", id, request, services), []);
  } catch (error) {
    const message = `the refusal could not be recorded: ${messageOf(error)}`;
    services.emit({ event: "warning", message });
  }
  return announce(endedBy(failure, "refused", id, request, services), failure, services);
}

/** The record of a run that a failure ended before it had stages. */
function endedBy(
  failure: Failure,
  state: "failed" | "refused",
  id: string,
  request: PipelineRequest,
  services: PipelineServices,
): RunRecord {
  const endedMs = services.clock.now();
  const error = recordOf(failure);
  const record = newRecord(id, request, services);
  return { ...record, state, endedMs, exitCode: failure.exit, error };
}

/** Says how a run ended that has no stages to show. */
function announce(record: RunRecord, failure: Failure, services: PipelineServices): RunVerdict {
  services.emit({
    event: "run-finished",
    run: record.id,
    state: record.state,
    exit_code: failure.exit,
    duration_seconds: 0,
    warnings: [],
    error: recordOf(failure),
  });
  return { status: runStatus(record, []), exitCode: failure.exit };
}

/** One run under the lock, from its first record to its verdict. */
class PipelineRun {
  readonly #id: string;
  readonly #request: PipelineRequest;
  readonly #services: PipelineServices;
  readonly #ledger: Ledger;
  readonly #lock: RunLock;
  #executor: Promise<TrainingExecutor> | undefined;

  constructor(
    id: string,
    request: PipelineRequest,
    services: PipelineServices,
    ledger: Ledger,
    lock: RunLock,
  ) {
    this.#id = id;
    this.#request = request;
    this.#services = services;
    this.#ledger = ledger;
    this.#lock = lock;
  }

  async execute(warning: string | undefined): Promise<RunVerdict> {
    const { chain, emit, clock } = this.#services;
    const dead = this.#buryTheDead();
    const names = chain.stages.map((stage) => stage.name);
    insertRun(this.#ledger, newRecord(this.#id, this.#request, this.#services), names);
    await this.#project();
    emit({
      event: "run-started",
      run: this.#id,
      job: this.#request.job,
      as_of: this.#request.asOf,
      trigger: this.#request.trigger,
      stages: names,
    });
    for (const { id } of dead) {
      emit({
        event: "note",
        message: `run ${id} died in mid-run; what it finished is used again`,
      });
    }
    if (warning !== undefined) this.#warn(warning);
    const failure = await this.#stagesToTheEnd();
    const state = stateAfter(failure);
    const exitCode = failure?.exit ?? ExitCode.done;
    const error = failure && recordOf(failure);
    endRun(this.#ledger, this.#id, {
      state,
      endedMs: clock.now(),
      exitCode,
      ...(error && { error }),
    });
    await this.#project();
    if (state === "done") await this.#afterANight();
    return this.#verdict(exitCode, error);
  }

  /** With the lock in our hands, whatever pipeline the ledger still calls running has died. */
  #buryTheDead(): RunRecord[] {
    const { jobs } = this.#services.config;
    const found = newestRuns(this.#ledger, { states: ["running"], limit: 1000 }).filter(
      ({ job, owner }) => (jobs[job]?.kind ?? "pipeline") === "pipeline" || !isAlive(owner),
    );
    for (const dead of found) {
      endRun(this.#ledger, dead.id, {
        state: "interrupted",
        endedMs: this.#services.clock.now(),
        exitCode: ExitCode.interrupted,
        error: {
          code: "CBI_RUN_DIED",
          message: `process ${dead.owner.pid} ended without a word (killed, or the machine went down)`,
          class: "retryable",
        },
      });
    }
    return found;
  }

  /** Runs the stages; returns the failure that ended them, if one did. */
  async #stagesToTheEnd(): Promise<Failure | undefined> {
    const { signal } = this.#services;
    try {
      assertHomeOf(this.#ledger, this.#services.config.symbol);
      await this.#runStages(await this.#context());
      return undefined;
    } catch (error) {
      return toFailure(signal.aborted ? signal.reason : error);
    } finally {
      await this.#closeExecutor();
    }
  }

  async #runStages(context: StageContext): Promise<void> {
    const { chain, codeHash, random, signal, emit } = this.#services;
    const outputs: Record<string, unknown> = {};
    for (const stage of chain.stages) {
      signal.throwIfAborted();
      this.#lock.assertHeld();
      await this.#services.beforeStage?.();
      const wish = mayReuse(this.#request, stage.name);
      if (wish === "skip") {
        const reason = `only ${this.#request.only} was asked for`;
        updateStage(this.#ledger, this.#id, stage.name, { state: "skipped", summary: reason });
        emit({ event: "stage-skipped", stage: stage.name, reason });
        continue;
      }
      const outcome = await runStage({
        stage,
        inputs: outputs,
        context,
        codeHash,
        random,
        mayReuse: wish !== "run",
        ...(wish === "require" && { refusal: () => notReusable(stage.name, this.#request) }),
        project: () => this.#project(),
      });
      outputs[stage.name] = outcome.output;
    }
  }

  async #context(): Promise<StageContext> {
    const { paths, config, clock, calendar, warehouse, signal, emit, openExecutor } =
      this.#services;
    const folder = runFolder(paths, this.#request.job, this.#id);
    await mkdir(folder, { recursive: true });
    return {
      run: this.#id,
      job: this.#request.job,
      asOf: this.#request.asOf,
      config,
      paths,
      runFolder: folder,
      clock,
      calendar,
      warehouse,
      ledger: this.#ledger,
      executor: () => (this.#executor ??= openExecutor(signal)),
      signal,
      emit,
      warn: (message) => this.#warn(message),
    };
  }

  #warn(message: string): void {
    addWarning(this.#ledger, this.#id, message);
    this.#services.emit({ event: "warning", message });
  }

  /** The status file is a projection: failing to write it is said, and never ends a run. */
  async #project(): Promise<void> {
    try {
      projectStatus(this.#ledger, this.#services.paths, this.#shown());
    } catch (error) {
      const message = `last_run_status.json could not be written: ${messageOf(error)}`;
      this.#services.emit({ event: "warning", message });
    }
  }

  /** A run that was refused did nothing: the status stays that of the run before it. */
  #shown(): string {
    if (findRun(this.#ledger, this.#id)?.state !== "refused") return this.#id;
    const { job } = this.#request;
    const states = ["done", "failed", "interrupted"] as const;
    return newestRuns(this.#ledger, { job, states, limit: 1 })[0]?.id ?? this.#id;
  }

  /** Retention and the ledger's copy are no part of the night's success. */
  async #afterANight(): Promise<void> {
    try {
      const warnings = (await this.#services.tidyUp?.(this.#ledger, this.#id)) ?? [];
      for (const warning of warnings) this.#warn(warning);
      if (warnings.length > 0) await this.#project();
      await keepLedgerCopy(this.#ledger, this.#services.paths.ledger);
    } catch (error) {
      const message = `tidying up after the night failed: ${messageOf(error)}`;
      this.#services.emit({ event: "warning", message });
      try {
        addWarning(this.#ledger, this.#id, message);
        await this.#project();
      } catch {
        // The verdict stands; that it could not be annotated has been said.
      }
    }
  }

  async #closeExecutor(): Promise<void> {
    const executor = await this.#executor?.catch(() => undefined);
    await executor?.[Symbol.asyncDispose]();
  }

  #verdict(exitCode: ExitCode, error: RecordedError | undefined): RunVerdict {
    const record = findRun(this.#ledger, this.#id);
    if (!record) throw new Error(`run ${this.#id} is not in the ledger that it was written to`);
    this.#services.emit({
      event: "run-finished",
      run: this.#id,
      state: record.state,
      exit_code: exitCode,
      duration_seconds: ((record.endedMs ?? record.startedMs) - record.startedMs) / 1000,
      warnings: record.warnings,
      error: error ?? null,
    });
    return { status: runStatus(record, stagesOf(this.#ledger, this.#id)), exitCode };
  }
}

function stateAfter(failure: Failure | undefined): Exclude<RunRecord["state"], "running"> {
  if (failure === undefined) return "done";
  if (isRefusal(failure)) return "refused";
  const isStopped = failure.exit === ExitCode.interrupted || failure.exit === ExitCode.held;
  return isStopped ? "interrupted" : "failed";
}

function newRecord(id: string, request: PipelineRequest, services: PipelineServices): RunRecord {
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
