import type { Ledger } from "./ledger.ts";

/** Forgets who pointed to a version that is given back; of a horizon that cbi.yaml no longer has. */
export function forgetAliases(
  ledger: Ledger,
  version: { horizon: string; algorithm: string; version: string },
): void {
  ledger.run(
    "DELETE FROM model_alias WHERE horizon = ? AND algorithm = ? AND version = ?",
    version.horizon,
    version.algorithm,
    version.version,
  );
}
