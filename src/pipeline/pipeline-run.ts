import { mkdir } from "node:fs/promises";
import type { RunLock } from "../guard/run-lock.ts";
import { assertHomeOf } from "../ledger/home-symbol.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { keepLedgerCopy } from "../ledger/restore.ts";
import {
  addWarning,
  endRun,
  findRun,
  insertRun,
  newestRuns,
  stagesOf,
  updateStage,
  type RecordedError,
  type RunRecord,
} from "../ledger/runs.ts";
import { projectStatus, runStatus } from "../ledger/status-file.ts";
import { ExitCode } from "../system/exit-code.ts";
import { messageOf, type Failure } from "../system/failure.ts";
import { isAlive } from "../system/process-identity.ts";
import type { TrainingExecutor } from "../training/training.ts";
import { recordOf, toFailure } from "./classify.ts";
import { isRefusal, mayReuse, notReusable } from "./reuse.ts";
import { runFolder } from "./run-files.ts";
import {
  newRecord,
  type PipelineRequest,
  type PipelineServices,
  type RunVerdict,
} from "./run-request.ts";
import { runStage } from "./run-stage.ts";
import type { StageContext } from "./stage.ts";

/** One run under the lock, from its first record to its verdict. */
export class PipelineRun {
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
