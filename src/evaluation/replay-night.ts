import { z } from "zod";
import { decisionSchema } from "./decision.ts";
import { forecastRowSchema } from "./forecast.ts";

/** A decision without its tables: who predicts, who did, and why in sentences. */
const choiceSchema = decisionSchema.pick({
  outcome: true,
  champion: true,
  previous: true,
  evidence: true,
  reasons: true,
});

export const replayNightSchema = z.strictObject({
  /** The day whose close the night knew. */
  as_of: z.iso.date(),
  run: z.string(),
  /** `refused`: a stage would not work with that day's data, and nothing was published. */
  outcome: z.enum(["done", "refused"]),
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  seconds: z.number(),
  /** The version of cbi and a hash of its code, since a replay may outlive an update. */
  version: z.string(),
  code: z.string(),
  /** Every forecast as it was that night, of every role. */
  forecasts: z.array(forecastRowSchema),
  horizons: z.array(
    z.strictObject({
      horizon: z.string(),
      /** Who predicted that night; the version is null for the random walk. */
      champion: z.strictObject({
        spec: z.string(),
        algorithm: z.string(),
        version: z.string().nullable(),
      }),
      /** Set when that night had to name a champion before it could predict. */
      named: choiceSchema.nullable(),
      /** Who predicts from the next night on. */
      decision: choiceSchema,
    }),
  ),
});

/** What one replayed night left: enough to report it after retention took its files. */
export type ReplayNight = z.infer<typeof replayNightSchema>;
export type ReplayChoice = z.infer<typeof choiceSchema>;

/** A decision as it is kept with a night. */
export function choiceOf(decision: ReplayChoice): ReplayChoice {
  const { outcome, champion, previous, evidence, reasons } = decision;
  return { outcome, champion, previous, evidence, reasons };
}
