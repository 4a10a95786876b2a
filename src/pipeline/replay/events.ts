import type { ReplayNight } from "../../evaluation/replay-night.ts";
import type { RunEvent } from "../events.ts";

/** What a replay says while it works. Shown, never decided upon. */
export type ReplayEvent =
  | { event: "replay-started"; folder: string; nights: number; done: number }
  /** Nights count from 1; `secondsLeft` is undefined before one has been timed. */
  | {
      event: "night-started";
      number: number;
      nights: number;
      asOf: string;
      secondsLeft: number | undefined;
    }
  | { event: "night"; inner: RunEvent }
  | { event: "night-finished"; number: number; nights: number; night: ReplayNight }
  | { event: "note"; message: string };
