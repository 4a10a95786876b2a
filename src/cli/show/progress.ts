import type { RunEvent } from "../../pipeline/events.ts";

/** What is known of one stage while a run works. */
export interface StageView {
  name: string;
  state: "pending" | "running" | "done" | "failed" | "skipped";
  reused: boolean;
  summary: string;
  durationSeconds: number | undefined;
}

/** Everything that the live view shows; folded from events, so that it can be tested without a terminal. */
export interface ProgressView {
  run: string;
  asOf: string;
  stages: StageView[];
  /** Trainings under way: id → rounds so far. */
  trainings: Map<string, { round: number; roundsMax: number }>;
  trainingsDone: number;
  trainingsTotal: number;
  /** Monotonic milliseconds at which the first training of the stage started. */
  trainingSinceMs: number | undefined;
  step: string;
}

export function emptyProgress(): ProgressView {
  return {
    run: "",
    asOf: "",
    stages: [],
    trainings: new Map(),
    trainingsDone: 0,
    trainingsTotal: 0,
    trainingSinceMs: undefined,
    step: "",
  };
}

/** Folds one event into the view; `nowMs` is monotonic. */
export function foldProgress(view: ProgressView, event: RunEvent, nowMs: number): void {
  switch (event.event) {
    case "run-started":
      view.run = event.run;
      view.asOf = event.as_of;
      view.stages = event.stages.map((name) => ({
        name,
        state: "pending",
        reused: false,
        summary: "",
        durationSeconds: undefined,
      }));
      return;
    case "stage-started":
      change(view, event.stage, { state: "running" });
      view.step = event.attempt > 1 ? `attempt ${event.attempt}` : "";
      return;
    case "stage-progress":
      view.step = event.message;
      if (event.stage !== "train") return;
      view.trainingsDone = event.done;
      view.trainingsTotal = event.total;
      return;
    case "training":
      foldTraining(view, event.progress, nowMs);
      return;
    case "stage-retried":
      view.step = `${event.error.message}; again in ${Math.round(event.delay_seconds)} s`;
      return;
    case "stage-finished":
      change(view, event.stage, {
        state: "done",
        reused: event.reused,
        summary: event.summary,
        durationSeconds: event.duration_seconds,
      });
      view.trainings.clear();
      view.step = "";
      return;
    case "stage-failed":
      change(view, event.stage, { state: "failed", summary: event.error.message });
      return;
    case "stage-skipped":
      change(view, event.stage, { state: "skipped", summary: event.reason });
      return;
    case "attempt-started":
    case "attempt-running":
    case "output":
    case "output-cut":
    case "attempt-ended":
    case "warning":
    case "note":
    case "run-finished":
  }
}

/** Seconds until the trainings should be through, by their pace so far; undefined until one is done. */
export function trainingSecondsLeft(view: ProgressView, nowMs: number): number | undefined {
  if (view.trainingSinceMs === undefined || view.trainingsDone === 0) return undefined;
  const underWay = [...view.trainings.values()].reduce(
    (sum, training) => sum + training.round / Math.max(1, training.roundsMax),
    0,
  );
  const done = view.trainingsDone + underWay;
  const perTrainingMs = (nowMs - view.trainingSinceMs) / done;
  return Math.max(0, ((view.trainingsTotal - done) * perTrainingMs) / 1000);
}

function foldTraining(
  view: ProgressView,
  progress: Extract<RunEvent, { event: "training" }>["progress"],
  nowMs: number,
): void {
  switch (progress.type) {
    case "started":
      view.trainingSinceMs ??= nowMs;
      view.trainings.set(progress.id, { round: 0, roundsMax: 1 });
      return;
    case "round":
      view.trainings.set(progress.id, { round: progress.round, roundsMax: progress.roundsMax });
      return;
    case "finished":
    case "failed":
      view.trainings.delete(progress.id);
  }
}

function change(view: ProgressView, name: string, to: Partial<StageView>): void {
  const stage = view.stages.find((candidate) => candidate.name === name);
  if (stage) Object.assign(stage, to);
}
