import { z } from "zod";
import { RANDOM_WALK } from "./forecast.ts";
import { comparisonSchema } from "./significance.ts";

/** A spec by its key; the random walk is one too. */
const specReferenceSchema = z.strictObject({ spec: z.string(), algorithm: z.string() });

const standingSchema = z.strictObject({
  ...specReferenceSchema.shape,
  /** The rows that count: matured forecasts once there are enough, else out-of-fold rows. */
  judged_on: z.enum(["live", "out_of_fold"]),
  rows: z.int().min(0),
  /** Rows over the horizon: about how many independent outcomes there are. */
  stretches: z.number(),
  /** 1 − MAE / MAE of the random walk. */
  skill: z.number().nullable(),
});

const challengeSchema = z.strictObject({
  ...specReferenceSchema.shape,
  against: z.string(),
  judged_on: z.enum(["live", "out_of_fold"]),
  evidence: z.enum(["strong", "weak"]),
  comparison: comparisonSchema,
  /** Lower loss as a share of the other's; negative when it is higher. */
  gain: z.number().nullable(),
  blocks: z.int().min(0),
  blocks_won: z.int().min(0),
  coverage: z.number().nullable(),
  passed: z.boolean(),
  /** What spoke against it; empty when it passed. */
  objections: z.array(z.string()),
});

export const decisionSchema = z.strictObject({
  outcome: z.enum(["named", "kept", "promoted", "demoted_to_random_walk"]),
  /** Who predicts from the next night on. */
  champion: specReferenceSchema,
  /** Who did until now; null on the first night. */
  previous: specReferenceSchema.nullable(),
  evidence: z.enum(["strong", "weak"]).nullable(),
  standings: z.array(standingSchema),
  challenges: z.array(challengeSchema),
  audit_errors: z.int().min(0),
  /** Nights in a row, this one too, on which the champion that stays had no skill above 0. */
  nights_without_skill: z.int().min(0).default(0),
  /** Specs and seeds ever tried for this horizon. */
  trials: z.int().min(0),
  /** The decision in sentences. */
  reasons: z.array(z.string()).min(1),
});

export type SpecReference = z.infer<typeof specReferenceSchema>;
export type Standing = z.infer<typeof standingSchema>;
export type Challenge = z.infer<typeof challengeSchema>;
export type Decision = z.infer<typeof decisionSchema>;

/** The random walk as a spec. */
export const RANDOM_WALK_SPEC: SpecReference = { spec: RANDOM_WALK, algorithm: RANDOM_WALK };
