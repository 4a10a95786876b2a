import { z } from "zod";

/** Raised when a message changes its meaning; a worker of another protocol is refused. */
export const PROTOCOL = 1;

/** A longer line is no message of ours: the largest, a fold of 2,000 rows, has 250 kB. */
export const LINE_BYTES_MAX = 1024 * 1024;

const helloSchema = z.strictObject({
  type: z.literal("hello"),
  protocol: z.literal(PROTOCOL),
  process: z.int(),
  versions: z.record(z.string(), z.string()),
});

const messageSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("progress"),
    id: z.string(),
    round: z.int(),
    roundsMax: z.int(),
  }),
  z.strictObject({ type: z.literal("result"), id: z.string(), result: z.unknown() }),
  z.strictObject({
    type: z.literal("error"),
    id: z.string(),
    class: z.enum(["retryable", "fatal", "data"]),
    message: z.string().max(4000),
  }),
]);

export type Hello = z.infer<typeof helloSchema>;
export type WorkerMessage = z.infer<typeof messageSchema>;

/** What a worker is asked: any object with an id; the worker's package knows the kinds. */
export interface WorkerTask {
  id: string;
}

/** The line that asks a worker for `task`. */
export function requestLine(task: WorkerTask): string {
  return `${JSON.stringify({ type: "run", task })}\n`;
}

/** The first line of a worker, or undefined when it is none. */
export function parseHello(line: string): Hello | undefined {
  return helloSchema.safeParse(parseJson(line)).data;
}

/** A later line of a worker, or undefined when it is none. */
export function parseMessage(line: string): WorkerMessage | undefined {
  return messageSchema.safeParse(parseJson(line)).data;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
