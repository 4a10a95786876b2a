import { z } from "zod";

/** In a file of its own, since most homes have no such book, and commands that are asked often look for it. */
export const judgedSchema = z.strictObject({
  job: z.string(),
  slot: z.string(),
  due: z.iso.datetime(),
  state: z.string(),
  is_well: z.boolean(),
  awake: z.iso.datetime().nullable(),
  evidence: z.string(),
  remedy: z.string().nullable(),
});

export const bookSchema = z.strictObject({
  schema: z.literal(1),
  /** The boot in which it was written last, and when the first pass in it was. */
  boot: z.string(),
  first_run: z.iso.datetime(),
  /** The oldest first. */
  judged: z.array(judgedSchema),
});
