/** The stages of a pipeline, in their order. Apart from the schema, which is slower to load. */
export const STAGE_NAMES = ["export", "audit", "train", "predict", "upload", "evaluate"] as const;

export type StageName = (typeof STAGE_NAMES)[number];
