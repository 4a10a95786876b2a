import { schedule } from "node-cron";

/**
 * Calls `onTick` at the start of every minute until it is disposed of. No timer is longer than that,
 * so after a sleep the next tick comes within a minute of waking, and it asks what is due instead of
 * trusting that it came in time.
 */
export function tickEachMinute(onTick: () => void): Disposable {
  const task = schedule("* * * * *", onTick, { name: "cbi" });
  return { [Symbol.dispose]: () => void task.stop() };
}
