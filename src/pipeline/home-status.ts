import { homeCalendar } from "../config/calendars.ts";
import { parseDurationMs } from "../config/duration.ts";
import type { Home } from "../config/home.ts";
import { aliases, decisionInForce } from "../ledger/champions.ts";
import { openIncidents } from "../ledger/incidents.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { newestRuns, stagesOf, type RunRecord } from "../ledger/runs.ts";
import { lastSuccess } from "../ledger/successes.ts";
import { neverRunStatus, runStatus } from "../ledger/status-file.ts";
import type { Health, RunStatus } from "../ledger/status-schema.ts";
import type { TradingCalendar } from "../schedule/calendar/calendar.ts";
import type { Clock } from "../system/clock.ts";
import { isAlive } from "../system/process-identity.ts";
import { judgeHealth } from "./health.ts";

/** The status of a job's last run with the judgement of the home; `ledger` is absent before any run. */
export function homeStatus(
  home: Home,
  job: string,
  ledger: Ledger | undefined,
  clock: Clock,
  watchdogSilence?: string,
  halts: readonly string[] = [],
  wake: Health["wake"] = null,
): RunStatus & { health: Health } {
  const [last] = ledger
    ? newestRuns(ledger, { job, states: ["running", "done", "failed", "interrupted"], limit: 1 })
    : [];
  const when = { nowMs: clock.now(), pin: home.config.as_of };
  const success = ledger && lastSuccess(ledger, job, when);
  const status = ledger && last ? runStatus(last, stagesOf(ledger, last.id)) : neverRunStatus(job);
  const staleAfter = home.config.jobs[job]?.stale_after ?? "26h";
  const health = judgeHealth({
    nowMs: clock.now(),
    job,
    ...(last ? { last: lastFacts(last) } : {}),
    lastSuccessMs: success?.endedMs,
    staleAfter,
    staleAfterMs: parseDurationMs(staleAfter) ?? Number.POSITIVE_INFINITY,
    data: ledger ? dataFacts(home, ledger, success, clock) : null,
    freshness: home.config.audit.freshness,
    models: ledger ? modelFacts(home, ledger, success) : [],
    alerts: ledger ? alertFacts(ledger) : [],
    halts,
    watchdogSilence,
    wake,
  });
  return { ...status, health };
}

function lastFacts(run: RunRecord): NonNullable<Parameters<typeof judgeHealth>[0]["last"]> {
  return {
    id: run.id,
    state: run.state,
    startedMs: run.startedMs,
    warnings: run.warnings.length,
    error: run.error?.message,
    isAlive: run.state === "running" && isAlive(run.owner),
  };
}

function alertFacts(ledger: Ledger): Health["alerts"] {
  return openIncidents(ledger).map((incident) => ({
    key: incident.key,
    kind: incident.kind,
    job: incident.job ?? null,
    severity: incident.severity,
    message: incident.message,
    escalated: incident.isEscalated,
    since: new Date(incident.openedMs).toISOString(),
  }));
}

/** How far the newest exported row lies behind the day that a run tonight would be as of. */
function dataFacts(
  home: Home,
  ledger: Ledger,
  success: RunRecord | undefined,
  clock: Clock,
): Health["data"] {
  const exported = success && stagesOf(ledger, success.id).find(({ name }) => name === "export");
  const newest = newestDayOf(exported?.output);
  if (newest === undefined) return null;
  const calendar: TradingCalendar = homeCalendar(home);
  const asOf = home.config.as_of ?? calendar.lastClosedSession(clock.now());
  return { newest, sessions_behind: Math.max(0, calendar.sessionsBetween(newest, asOf)) };
}

/** Read leniently: the status of a home must not depend on what an older cbi wrote. */
function newestDayOf(output: string | undefined): string | undefined {
  const parsed = output === undefined ? undefined : (JSON.parse(output) as { datasets?: unknown });
  const datasets = Array.isArray(parsed?.datasets) ? (parsed.datasets as { last?: unknown }[]) : [];
  return datasets
    .map((dataset) => dataset.last)
    .filter((last) => typeof last === "string")
    .sort()
    .at(-1);
}

/** Who publishes each horizon, and which fit serves. */
function modelFacts(home: Home, ledger: Ledger, success: RunRecord | undefined): Health["models"] {
  const champions = aliases(ledger).filter(({ alias }) => alias === "champion");
  return Object.keys(home.config.horizons).flatMap((horizon) => {
    const decision = decisionInForce(ledger, horizon, "9999-12-31");
    const alias = champions.find((champion) => champion.horizon === horizon);
    const fit = alias?.spec === decision?.spec && alias?.version !== undefined ? alias : undefined;
    if (!decision) return [];
    return [
      {
        horizon,
        algorithm: decision.algorithm,
        version: fit?.version ?? null,
        as_of: fit?.asOf ?? success?.asOf ?? decision.asOf,
      },
    ];
  });
}
