import path from "node:path";
import { z } from "zod";
import type { Clock } from "../../system/clock.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { workerCommand } from "../../workers/command.ts";
import { resolvePythonEnvironment } from "../../workers/environment.ts";
import { Worker } from "../../workers/worker.ts";
import type { Field } from "./tables.ts";

/** What was read and what shall become of it. */
export interface Conversion {
  /** The file of bytes as they came: an Arrow stream, or REST's pages as one JSON array a line. */
  raw: string;
  form: "arrow" | "rest";
  fields: readonly Field[];
  /** The column whose order is looked at. */
  date: string;
  /** The Parquet file to write. */
  file: string;
}

const resultSchema = z.object({ rows: z.int(), isSorted: z.boolean() });
const BACKLOG: { last: Promise<unknown> } = { last: Promise.resolve() };

/**
 * Has a worker write the Parquet file, one at a time: several would hold the memory of several.
 * Tells the rows and whether they came in order of date.
 */
export async function convertToParquet(
  conversion: Conversion,
  world: { environment: Readonly<Record<string, string | undefined>>; clock: Clock },
  signal: AbortSignal,
): Promise<z.infer<typeof resultSchema>> {
  const python = resolvePythonEnvironment(world.environment);
  const turn = BACKLOG.last.then(() => convert(conversion, python.python, world, signal));
  BACKLOG.last = turn.catch(() => undefined);
  return turn;
}

async function convert(
  conversion: Conversion,
  python: string,
  { environment, clock }: Parameters<typeof convertToParquet>[1],
  signal: AbortSignal,
): Promise<z.infer<typeof resultSchema>> {
  signal.throwIfAborted();
  const worker = new Worker(workerCommand(python, environment, 1), clock);
  const stop = (): void => void worker.end();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const id = `export-${path.basename(conversion.file)}`;
    const outcome = await worker.run({ id, kind: "parquet", ...conversion } as { id: string });
    signal.throwIfAborted();
    if (outcome.kind === "result") return resultSchema.parse(outcome.result);
    throw new Failure({
      code: "CBI_EXPORT_CONVERSION",
      message: `the worker could not write ${path.basename(conversion.file)}: ${outcome.message}`,
      exit:
        outcome.kind === "error" && outcome.class === "data"
          ? ExitCode.dataRefused
          : ExitCode.failed,
      class: outcome.kind === "error" ? outcome.class : "retryable",
    });
  } finally {
    signal.removeEventListener("abort", stop);
    await worker.end();
  }
}
