import type { Config } from "../../config/schema.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";

/** The keys of `warehouse` when its kind is duckdb. */
export type DuckdbSettings = Extract<Config["warehouse"], { kind: "duckdb" }>;

/** The embedded warehouse's settings. Throws a `Failure` in a home whose tables are elsewhere. */
export function duckdbSettings({ warehouse }: Pick<Config, "warehouse">): DuckdbSettings {
  if (warehouse.kind === "duckdb") return warehouse;
  throw new Failure({
    code: "CBI_WAREHOUSE_REMOTE",
    message: `this needs the embedded warehouse; cbi.yaml says warehouse.kind: ${warehouse.kind}`,
    remedy:
      "Do it in a home with warehouse.kind: duckdb; the tables of the remote one stay as they are.",
    exit: ExitCode.configInvalid,
  });
}
