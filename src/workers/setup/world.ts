import type { Clock } from "../../system/clock.ts";

/** What setting up may look at, and to whom it tells how far it is. */
export interface SetupWorld {
  environment: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
  clock: Clock;
  signal: AbortSignal;
  /** One line of progress. */
  remark(line: string): void;
}
