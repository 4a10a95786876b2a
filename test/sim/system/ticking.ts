import { currentProcess } from "../mac/process.ts";

// In place of src/host/process/ticking.ts: a tick a minute of the simulated clock.

export function tickEachMinute(onTick: () => void): Disposable {
  const process = currentProcess();
  const { mac } = process;
  const stop = new AbortController();
  const tick = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await mac.sleep(process, 60_000 - (mac.wallMs % 60_000), stop.signal);
      onTick();
    }
  };
  void tick().catch(() => undefined);
  return { [Symbol.dispose]: () => stop.abort() };
}
