import path from "node:path";
import type { z } from "zod";
import type { WakeMet } from "../host/host.ts";
import { readTextIfThere, replaceJson } from "../system/files.ts";
import type { HomePaths } from "../system/home.ts";
import type { bookSchema, judgedSchema } from "./wake-book-schema.ts";

/** How the machine met a slot for which it was to be woken. */
export type JudgedWake = z.infer<typeof judgedSchema>;
/** What is known of the wakes of the last nights: a record of the watchdog's, which may be lost. */
export type WakeBook = z.infer<typeof bookSchema>;

const JUDGED_MAX = 40;

export function wakeBookFile(paths: HomePaths): string {
  return path.join(paths.logs, "wakes.json");
}

/** The book as it was kept last; undefined where there is none that can be read. */
export async function readWakeBook(paths: HomePaths): Promise<WakeBook | undefined> {
  try {
    const text = await readTextIfThere(wakeBookFile(paths));
    if (text === undefined) return undefined;
    const { bookSchema } = await import("./wake-book-schema.ts");
    return bookSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export async function writeWakeBook(paths: HomePaths, book: WakeBook): Promise<void> {
  await replaceJson(wakeBookFile(paths), { ...book, judged: book.judged.slice(-JUDGED_MAX) });
}

/** The newest judgement of a job's wakes. */
export function newestWake(book: WakeBook | undefined, job: string): JudgedWake | undefined {
  return book?.judged.findLast((one) => one.job === job);
}

export function judgedWake(
  { job, slot, dueMs }: { job: string; slot: string; dueMs: number },
  { state, isWell, awakeMs, evidence, remedy }: WakeMet,
): JudgedWake {
  return {
    job,
    slot,
    due: new Date(dueMs).toISOString(),
    state,
    is_well: isWell,
    awake: awakeMs === undefined ? null : new Date(awakeMs).toISOString(),
    evidence,
    remedy: remedy ?? null,
  };
}
