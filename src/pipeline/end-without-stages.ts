import { Ledger } from "../ledger/ledger.ts";
import { insertRun, newestRuns, type RunRecord } from "../ledger/runs.ts";
import { runStatus } from "../ledger/status-file.ts";
import { messageOf, type Failure } from "../system/failure.ts";
import { recordOf } from "./classify.ts";
import {
  newRecord,
  type PipelineRequest,
  type PipelineServices,
  type RunVerdict,
} from "./run-request.ts";
import { lockHeld } from "./run-start.ts";

/**
 * Records that a run was asked for and not started, since another one is under way. The refusal
 * stands even when it cannot be recorded: a holder that is stopped may be in the midst of a write.
 */
export function refuse(
  id: string,
  request: PipelineRequest,
  services: PipelineServices,
): RunVerdict {
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
  return endWithoutStages(failure, "refused", id, request, services);
}

/** Says how a run ended that has no stages to show. */
export function endWithoutStages(
  failure: Failure,
  state: "failed" | "refused",
  id: string,
  request: PipelineRequest,
  services: PipelineServices,
): RunVerdict {
  const record = endedBy(failure, state, id, request, services);
  services.emit({
    event: "run-finished",
    run: id,
    state,
    exit_code: failure.exit,
    duration_seconds: 0,
    warnings: [],
    error: recordOf(failure),
  });
  return { status: runStatus(record, []), exitCode: failure.exit };
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
