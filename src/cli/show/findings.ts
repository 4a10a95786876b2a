import type { Finding } from "../../install/doctor/check.ts";
import { singleLine } from "../../system/text.ts";
import type { CommandContext } from "../command.ts";
import { stylerFor } from "../style.ts";

const COLOURS = { pass: "green", warn: "yellow", fail: "red", skip: "dim" } as const;

/** A finding as people read it: what was seen, and below it what helps. */
export function findingLines(
  { name, state, evidence, remedy }: Finding,
  context: CommandContext,
): string[] {
  const paint = stylerFor(context);
  const head = `${paint(COLOURS[state], state)}  ${name.padEnd(12)} ${singleLine(evidence)}`;
  return remedy === undefined ? [head] : [head, `${" ".repeat(19)}${singleLine(remedy)}`];
}
