import { z } from "zod";
import { decisionInForce } from "../../ledger/champions.ts";
import type { Ledger } from "../../ledger/ledger.ts";

const countSchema = z.object({ nights_without_skill: z.int() });

/**
 * Nights in a row before the one as of `asOf` on which a champion had no skill above 0, as the
 * evaluation before counted them. A person's decision, or another champion, begins anew.
 */
export function nightsWithoutSkill(
  ledger: Ledger,
  { horizon, spec }: { horizon: string; spec: string },
  asOf: string,
): number {
  const before = decisionInForce(ledger, horizon, asOf);
  if (before?.maker !== "evaluate" || before.spec !== spec) return 0;
  const counted = countSchema.safeParse(before.numbers);
  return counted.success ? counted.data.nights_without_skill : 0;
}
