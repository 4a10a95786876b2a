import type { CommandEnd } from "../../system/run-command.ts";

/** What came of a call of launchctl(1), as far as it decides what to do next. */
export type LaunchctlOutcome =
  | "done"
  /** launchd does not know the label: what a bootout wants, and what `print` says when it is over. */
  | "not-loaded"
  /** Loaded already, still ending, disabled, a bad list, or a passing trouble: `print` decides. */
  | "ambiguous"
  /** It is still ending the service. */
  | "ending"
  | "disabled"
  /** Owner or mode of the property list. */
  | "untrusted-list"
  | "bad-list"
  | "no-account"
  | "needs-root"
  /** The user has no session at the screen. */
  | "no-session"
  | "wrong-session"
  | "quarantined"
  | "protected"
  | "usage"
  | "no-answer"
  | "unknown";

export interface LaunchctlMeaning {
  outcome: LaunchctlOutcome;
  /** What it means, after "launchctl … ended with 5: ". */
  meaning: string;
  remedy: string;
}

const AGAIN = "The same command again goes on";
const LOG_IN = "Log in at the Mac's own screen once: a user's jobs live in that session";
const ITEMS =
  "Look in System Settings, General, Login Items, whether it is allowed, then: cbi install";

/**
 * The codes of launchctl(1), as `launchctl error` names them and captures of macOS 13 and later show
 * them. 5 and 37 have many meanings, and only the domain itself knows which.
 */
const BY_CODE: Readonly<Record<number, LaunchctlMeaning>> = {
  0: { outcome: "done", meaning: "done", remedy: "" },
  1: {
    outcome: "needs-root",
    meaning: "only root may change this domain",
    remedy: "Run it in a terminal, where sudo can ask for the password",
  },
  3: { outcome: "not-loaded", meaning: "launchd does not know it", remedy: AGAIN },
  5: {
    outcome: "ambiguous",
    meaning: "launchd does not take it, and does not say why",
    remedy: ITEMS,
  },
  17: { outcome: "ambiguous", meaning: "launchd has it already", remedy: AGAIN },
  36: { outcome: "ending", meaning: "launchd is still ending it", remedy: AGAIN },
  37: { outcome: "ambiguous", meaning: "launchd has it already, or is ending it", remedy: AGAIN },
  64: {
    outcome: "usage",
    meaning: "this macOS knows no such verb",
    remedy: "cbi needs macOS 11 or later",
  },
  109: { outcome: "bad-list", meaning: "the property list is none", remedy: AGAIN },
  111: { outcome: "bad-list", meaning: "the property list names no program", remedy: AGAIN },
  112: { outcome: "no-session", meaning: "the user has no session", remedy: LOG_IN },
  113: { outcome: "not-loaded", meaning: "launchd does not know it", remedy: AGAIN },
  114: {
    outcome: "no-account",
    meaning: "launchd knows no such user",
    remedy: "Install as the user whose home it is",
  },
  115: {
    outcome: "no-account",
    meaning: "launchd knows no such group",
    remedy: "Install as the user whose home it is",
  },
  119: { outcome: "disabled", meaning: "somebody has disabled it", remedy: AGAIN },
  122: {
    outcome: "untrusted-list",
    meaning: "others than its owner may write the property list",
    remedy: AGAIN,
  },
  125: { outcome: "no-session", meaning: "there is no session for it", remedy: LOG_IN },
  133: { outcome: "unknown", meaning: "several things failed", remedy: AGAIN },
  134: {
    outcome: "wrong-session",
    meaning: "it may not be loaded in this session",
    remedy: LOG_IN,
  },
  150: {
    outcome: "protected",
    meaning: "the label belongs to macOS",
    remedy: "Give the job another name in cbi.yaml",
  },
  155: {
    outcome: "quarantined",
    meaning: "the program is quarantined",
    remedy: "Install cbi by npm instead of from a downloaded copy, then: cbi install",
  },
};

const UNKNOWN: LaunchctlMeaning = {
  outcome: "unknown",
  meaning: "nobody has met this code yet",
  remedy: "See what it means with launchctl error and the code; the same command again goes on",
};

const NO_ANSWER: LaunchctlMeaning = {
  outcome: "no-answer",
  meaning: "launchd did not answer",
  remedy: "The same command again goes on; if it stays so, restart the Mac",
};

/** What came of a call. The code in the text counts where the exit code is of no use (sudo's 1). */
export function meaningOf({ exitCode, stderr, isTimedOut }: CommandEnd): LaunchctlMeaning {
  if (isTimedOut || exitCode === undefined) return NO_ANSWER;
  const said = /(?:failed|service): (\d+): /.exec(stderr)?.[1];
  const code = exitCode <= 1 && said !== undefined ? Number(said) : exitCode;
  return BY_CODE[code] ?? UNKNOWN;
}
