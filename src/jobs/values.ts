import path from "node:path";
import { expand, type ExpansionValues } from "../config/expansion.ts";
import { dayOfWall } from "../schedule/wall.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import type { Invocation } from "./ports.ts";

/** What an invocation is about: all of it but its world. */
export type Occasion = Pick<
  Invocation,
  "run" | "job" | "home" | "zone" | "slot" | "asOf" | "tradingDate"
>;

/**
 * What stands for `{slot}` and kin in an attempt of an invocation. Where a person's run handles no slot,
 * the slot's day is today in the job's zone.
 */
export function valuesOf(occasion: Occasion, nowMs: number, attempt = 1): ExpansionValues {
  return {
    slot: occasion.slot?.name,
    slot_date: occasion.slot?.day ?? dayOfWall(occasion.zone.wallAt(nowMs)),
    as_of: occasion.asOf,
    trading_date: occasion.tradingDate,
    run: occasion.run,
    job: occasion.job,
    attempt: String(attempt),
    home: occasion.home.paths.root,
  };
}

/** A text with its values filled in. Throws `CBI_NO_VALUE` (78) where one is unknown or missing. */
export function filledIn(text: string, values: ExpansionValues): string {
  const expanded = expand(text, values);
  if ("text" in expanded) return expanded.text;
  throw new Failure({
    code: "CBI_NO_VALUE",
    message: `'${text}' in job ${values.job}: ${expanded.problem}`,
    remedy:
      values.slot === undefined
        ? `Name a slot: cbi run ${values.job} --slot ${values.slot_date}T00:00, as cbi slots lists them.`
        : "See what may stand in braces in docs/configuration.md.",
    exit: ExitCode.configInvalid,
  });
}

/** A path with its values filled in, absolute, relative to the home. */
export function pathIn(text: string, values: ExpansionValues): string {
  return path.resolve(values.home, filledIn(text, values));
}
