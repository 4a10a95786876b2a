import { styleText } from "node:util";
import type { CommandContext } from "./command.ts";

type Format = Parameters<typeof styleText>[0];

/** Colours text on a terminal and leaves it alone elsewhere and under `NO_COLOR` (no-color.org). */
export function stylerFor(
  context: Pick<CommandContext, "isTerminal" | "environment">,
): (format: Format, text: string) => string {
  const isColoured = context.isTerminal && !context.environment["NO_COLOR"];
  return (format, text) => (isColoured ? styleText(format, text, { validateStream: false }) : text);
}
