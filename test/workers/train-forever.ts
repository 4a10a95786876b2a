/** Trains the tasks given on standard input and names each when its first round is told. */
import { text } from "node:stream/consumers";
import { systemClock } from "../../src/system/clock.ts";
import { createLocalExecutor } from "../../src/training/local-executor.ts";
import type { TrainingTask } from "../../src/training/training.ts";

const tasks = JSON.parse(await text(process.stdin)) as TrainingTask[];
const executor = createLocalExecutor({ environment: process.env, workers: 2, clock: systemClock });
await executor.train(tasks, {
  signal: new AbortController().signal,
  onProgress: (progress) => {
    if (progress.type === "round") console.log(progress.id);
  },
  onResult: async () => undefined,
});
