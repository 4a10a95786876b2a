import { RunLock } from "../guard/run-lock.ts";
import { openCheckedLedger } from "../ledger/restore.ts";
import { toFailure } from "./classify.ts";
import { endWithoutStages, refuse } from "./end-without-stages.ts";
import { PipelineRun } from "./pipeline-run.ts";
import type { PipelineRequest, PipelineServices, RunVerdict } from "./run-request.ts";
import { pipelineLockFile, runId } from "./run-start.ts";

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
    return endWithoutStages(failure, "failed", id, request, services);
  }
}
