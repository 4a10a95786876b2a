import { styleText } from "node:util";
import { createLogUpdate } from "log-update";
import type { RunEvent } from "../../pipeline/events.ts";
import type { Clock } from "../../system/clock.ts";
import { plainLine } from "../../pipeline/plain-line.ts";
import {
  emptyProgress,
  foldProgress,
  trainingSecondsLeft,
  type ProgressView,
  type StageView,
} from "./progress.ts";

const FRAME_MS = 100;
const BAR_WIDTH = 24;

/** Shows a run on a terminal: the stages in place, redrawn as they move; warnings stay above. */
export function livePresenter(clock: Clock, stream: NodeJS.WriteStream): (event: RunEvent) => void {
  const view = emptyProgress();
  const log = createLogUpdate(stream);
  let drawnMs = Number.NEGATIVE_INFINITY;
  return (event) => {
    foldProgress(view, event, clock.monotonic());
    if (event.event === "warning" || event.event === "note") log.persist(plainLine(event) ?? "");
    const isLast = event.event === "run-finished";
    const isQuiet = event.event === "training" || event.event === "stage-progress";
    if (isQuiet && clock.monotonic() - drawnMs < FRAME_MS) return;
    drawnMs = clock.monotonic();
    log(frame(view, clock.monotonic(), stream.columns || 80));
    if (isLast) log.done();
  };
}

/** The text of one frame, each line cut to the terminal's width. */
export function frame(view: ProgressView, nowMs: number, columns: number): string {
  const lines = [
    styleText("bold", `Night as of ${view.asOf}`) + styleText("dim", `  run ${view.run}`),
  ];
  for (const stage of view.stages) {
    lines.push(stageLine(stage, columns));
    if (stage.state !== "running") continue;
    if (stage.name === "train" && view.trainingsTotal > 0) lines.push(trainingLine(view, nowMs));
    for (const [id, training] of view.trainings) {
      lines.push(cut(`      ${id}  round ${training.round} of ${training.roundsMax}`, columns));
    }
    if (view.step !== "") lines.push(cut(`      ${view.step}`, columns));
  }
  return lines.join("\n");
}

function stageLine(stage: StageView, columns: number): string {
  const seconds =
    stage.durationSeconds === undefined ? "" : `${stage.durationSeconds.toFixed(1)} s`;
  const text = cut(`${stage.name.padEnd(9)}${seconds.padStart(8)}  ${stage.summary}`, columns - 4);
  switch (stage.state) {
    case "done":
      return `  ${styleText("green", "✓")} ${text}${stage.reused ? styleText("dim", " (reused)") : ""}`;
    case "running":
      return `  ${styleText("cyan", "▸")} ${styleText("bold", text)}`;
    case "failed":
      return `  ${styleText("red", "✗")} ${text}`;
    case "skipped":
    case "pending":
      return styleText("dim", `  · ${text}`);
  }
}

function trainingLine(view: ProgressView, nowMs: number): string {
  const share = view.trainingsDone / view.trainingsTotal;
  const filled = Math.round(share * BAR_WIDTH);
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  const left = trainingSecondsLeft(view, nowMs);
  const rest = left === undefined ? "" : `, about ${Math.ceil(left)} s left`;
  return `      ${bar} ${view.trainingsDone} of ${view.trainingsTotal} trainings${rest}`;
}

function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
