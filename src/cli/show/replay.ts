import { styleText } from "node:util";
import { createLogUpdate } from "log-update";
import type { ReplayNight } from "../../evaluation/replay-night.ts";
import { publishedOf } from "../../evaluation/replay.ts";
import type { RunEvent } from "../../pipeline/events.ts";
import type { ReplayEvent } from "../../pipeline/replay/events.ts";
import type { Clock } from "../../system/clock.ts";
import { singleLine } from "../../system/text.ts";
import { emptyProgress, foldProgress, type ProgressView } from "./progress.ts";

const FRAME_MS = 100;

/** Shows a replay where nothing can be redrawn: one line a night. */
export function plainReplay(write: (line: string) => void): (event: ReplayEvent) => void {
  return (event) => {
    const line = replayLine(event);
    if (line !== undefined) write(line);
  };
}

/** Shows a replay on a terminal: finished nights stay, the one under way is redrawn below them. */
export function liveReplay(clock: Clock, stream: NodeJS.WriteStream): (event: ReplayEvent) => void {
  const log = createLogUpdate(stream);
  let view = emptyProgress();
  let title = "";
  let drawnMs = Number.NEGATIVE_INFINITY;
  return (event) => {
    if (event.event === "night-started") {
      view = emptyProgress();
      title = nightTitle(event);
    } else if (event.event === "night") {
      foldProgress(view, event.inner, clock.monotonic());
      const line = replayLine(event);
      if (line !== undefined) log.persist(line);
      if (clock.monotonic() - drawnMs < FRAME_MS) return;
    } else {
      log.persist(replayLine(event) ?? "");
      return;
    }
    drawnMs = clock.monotonic();
    log(`${styleText("bold", title)}\n  ${cut(stageText(view), (stream.columns || 80) - 2)}`);
  };
}

/** The line that an event is worth where every line stays. */
export function replayLine(event: ReplayEvent): string | undefined {
  switch (event.event) {
    case "replay-started": {
      const done = event.done === 0 ? "" : `, ${event.done} of them done already`;
      return `replay of ${event.nights} nights in ${event.folder}${done}`;
    }
    case "night-started":
      return nightTitle(event);
    case "night-finished":
      return `  ${event.night.as_of} ${event.night.outcome} in ${event.night.seconds.toFixed(1)} s: ${outcomeText(event.night)}`;
    case "night":
      return nightLine(event.inner);
    case "note":
      return event.message;
  }
}

/** Of all that a night says, what a reader of many nights wants to know. */
function nightLine(event: RunEvent): string | undefined {
  if (event.event === "stage-retried" || event.event === "stage-failed") {
    return `  ${event.stage}: ${singleLine(event.error.message)}`;
  }
  return event.event === "note" ? `  ${event.message}` : undefined;
}

function nightTitle(event: Extract<ReplayEvent, { event: "night-started" }>): string {
  const left =
    event.secondsLeft === undefined ? "" : `, about ${durationText(event.secondsLeft)} left`;
  return `night ${event.number} of ${event.nights}, as of ${event.asOf}${left}`;
}

function outcomeText(night: ReplayNight): string {
  if (night.error !== null) return singleLine(night.error.message);
  return night.horizons
    .map(({ horizon }) => {
      const rows = night.forecasts.filter((row) => row.horizon === horizon);
      return `${horizon} ${publishedOf(rows)?.algorithm ?? "nothing"}`;
    })
    .join(", ");
}

function stageText(view: ProgressView): string {
  const stage = view.stages.find((one) => one.state === "running");
  if (!stage) return "";
  const trainings =
    stage.name === "train" && view.trainingsTotal > 0
      ? `${view.trainingsDone} of ${view.trainingsTotal} trainings`
      : view.step;
  return `${stage.name}: ${trainings}`;
}

/** A rough duration for a person: `40 s`, `12 min`, `3 h 20 min`. */
export function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
