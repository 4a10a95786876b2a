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

const resultSchema = z.object({
  rows: z.int(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  /** The oldest and the newest day. */
  first: z.iso.date().nullable(),
  last: z.iso.date().nullable(),
  isSorted: z.boolean(),
});
/** What a Parquet file says that it holds, and whether its rows are in order of date. */
export type Written = z.infer<typeof resultSchema>;

/** One heap for all threads of the C library, of which each would keep what it has freed (mallopt(3)). */
const FRUGAL = { MALLOC_ARENA_MAX: "1" };
const BACKLOG: { last: Promise<unknown> } = { last: Promise.resolve() };

/**
 * Has a worker write the Parquet file, one at a time: several would hold the memory of several.
 * Tells what the file then holds, read back from it, and whether the rows came in order of date.
 */
export async function convertToParquet(
  conversion: Conversion,
  world: { environment: Readonly<Record<string, string | undefined>>; clock: Clock },
  signal: AbortSignal,
): Promise<Written> {
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
): Promise<Written> {
  signal.throwIfAborted();
  const command = workerCommand(python, environment, 1);
  const worker = new Worker(
    { ...command, environment: { ...command.environment, ...FRUGAL } },
    clock,
  );
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
