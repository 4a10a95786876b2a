import { currentProcess } from "../mac/process.ts";
import { plantedBugs } from "../planted/bugs.ts";

const DAY_MS = 86_400_000;

// In place of src/host/process/ticking.ts: a tick every few minutes of the simulated clock.

export function tickEachMinute(onTick: () => void): Disposable {
  const process = currentProcess();
  const { mac } = process;
  const stop = new AbortController();
  const tick = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const untilNextMs = mac.tickMs - (mac.wallMs % mac.tickMs);
      const isLong = plantedBugs.has("daemon-long-timer");
      await mac.sleep(process, isLong ? DAY_MS : untilNextMs, stop.signal);
      onTick();
    }
  };
  void tick().catch(() => undefined);
  return { [Symbol.dispose]: () => stop.abort() };
}
