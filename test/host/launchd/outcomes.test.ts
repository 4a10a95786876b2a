import assert from "node:assert/strict";
import { test } from "node:test";
import { meaningOf, type LaunchctlOutcome } from "../../../src/host/launchd/outcomes.ts";

/** Texts as launchctl prints them, with the code that it ends with. */
const TEXTS: readonly [code: number, stderr: string, outcome: LaunchctlOutcome][] = [
  [0, "", "done"],
  [1, "Boot-out failed: 1: Operation not permitted", "needs-root"],
  [3, "Boot-out failed: 3: No such process", "not-loaded"],
  [
    5,
    "Bootstrap failed: 5: Input/output error\nTry re-running the command as root for richer errors.",
    "ambiguous",
  ],
  [5, "Boot-out failed: 5: Input/output error", "ambiguous"],
  [17, "Bootstrap failed: 17: File exists", "ambiguous"],
  [36, "Boot-out failed: 36: Operation now in progress", "ending"],
  [37, "Bootstrap failed: 37: Operation already in progress", "ambiguous"],
  [64, "Unrecognized subcommand: print", "usage"],
  [109, "Bootstrap failed: 109: Invalid property list", "bad-list"],
  [111, "Bootstrap failed: 111: Invalid or missing Program/ProgramArguments", "bad-list"],
  [112, "Could not find specified domain", "no-session"],
  [113, 'Bad request.\nCould not find service "x" in domain for system', "not-loaded"],
  [113, 'Bad request.\nCould not find service "x" in domain for user gui: 501', "not-loaded"],
  [114, "Bootstrap failed: 114: Username does not exist", "no-account"],
  [115, "Bootstrap failed: 115: Group does not exist", "no-account"],
  [
    119,
    "/Library/LaunchDaemons/x.plist: Service is disabled\nBootstrap failed: 119: Service is disabled",
    "disabled",
  ],
  [122, "Bootstrap failed: 122: Path had bad ownership/permissions", "untrusted-list"],
  [125, "Bootstrap failed: 125: Domain does not support specified action", "no-session"],
  [133, "Bootstrap failed: 133: Multiple errors were returned; see stderr", "unknown"],
  [134, "Bootstrap failed: 134: Service cannot load in requested session", "wrong-session"],
  [150, "Boot-out failed: 150: Operation not permitted while SIP is engaged", "protected"],
  [155, "Bootstrap failed: 155: Refusing to execute/trust quarantined program/file", "quarantined"],
  [144, "Bootstrap failed: 144: something new", "unknown"],
];

void test("every code and text of launchctl has a meaning and a remedy", () => {
  for (const [exitCode, stderr, expected] of TEXTS) {
    const { outcome, meaning, remedy } = meaningOf(end(exitCode, stderr));
    assert.equal(outcome, expected, stderr);
    assert.ok(meaning.length > 0 && (remedy.length > 0 || outcome === "done"), stderr);
  }
});

void test("a code in the text counts where the exit code says only that it failed", () => {
  const text = "Could not enable service: 150: Operation not permitted while SIP is engaged";
  assert.equal(meaningOf(end(1, text)).outcome, "protected");
  assert.equal(meaningOf(end(1, "something else")).outcome, "needs-root");
});

void test("a call that did not end is no answer", () => {
  const cut = { exitCode: undefined, stdout: "", stderr: "no end within 60 s", isTimedOut: true };
  assert.equal(meaningOf(cut).outcome, "no-answer");
});

function end(exitCode: number, stderr: string) {
  return { exitCode, stdout: "", stderr, isTimedOut: false };
}
