export const FINDING_KINDS = [
  "missed",
  "failed",
  "stuck",
  "dead",
  "stale",
  "clock",
  "disk",
  "calendar",
  "host",
  "wake",
  "watchdog",
] as const;
export const SEVERITIES = ["warn", "fail"] as const;

export type FindingKind = (typeof FINDING_KINDS)[number];
export type Severity = (typeof SEVERITIES)[number];

/** One thing that is not well. Findings of one key, pass after pass, are one incident. */
export interface Finding {
  key: string;
  kind: FindingKind;
  /** Undefined for the home as a whole. */
  job: string | undefined;
  severity: Severity;
  /** A sentence for people. */
  message: string;
  /** Trying again has not helped: a person must look. */
  needsPerson: boolean;
  /** This pass is about to heal it, so it is no incident yet. */
  isBeingHealed: boolean;
}
