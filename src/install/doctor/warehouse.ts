import { stat } from "node:fs/promises";
import path from "node:path";
import type { Home } from "../../config/home.ts";
import { fail, pass, skip, type Check, type CheckResult } from "./check.ts";
import { NO_PIPELINE, trains } from "./trains.ts";

/** Whether the warehouse can be reached and has what a night needs. */
export const warehouseCheck: Check = {
  name: "warehouse",
  isInside: true,
  run: async ({ home, signal, isOffline }) => {
    const { config, paths } = home;
    if (!trains(home)) return skip(NO_PIPELINE);
    if (config.warehouse.kind === "duckdb") return checkSources(home, config.warehouse.sources);
    if (isOffline) return skip("it needs the network, and --offline was said");
    // Only a home in BigQuery loads what speaks to it.
    const { bigqueryWorld } = await import("../../warehouse/bigquery/open.ts");
    const { checkBigQuery } = await import("../../warehouse/bigquery/check.ts");
    // Whoever looks wants to know now what a night would wait for.
    const settings = { ...config.warehouse, network_wait: "5s" };
    const world = bigqueryWorld({ settings, paths });
    const checks = await checkBigQuery(world, config, signal);
    const bad = checks.find(({ isGood }) => !isGood);
    if (!bad) return pass(checks.map(({ message }) => message).join("; "));
    return fail(`${bad.name}: ${bad.message}`, bad.remedy ?? "See: cbi warehouse check");
  },
};

async function checkSources(
  { paths }: Home,
  sources: Readonly<Record<string, string | { path: string }>>,
): Promise<CheckResult> {
  const files = Object.entries(sources).map(([table, source]) => {
    const file = typeof source === "string" ? source : source.path;
    return { table, file: path.resolve(paths.trainingData, file) };
  });
  for (const { table, file } of files) {
    if (/[*?[]/.test(file)) continue;
    const found = await stat(file).catch(() => undefined);
    if (!found)
      return fail(`the source ${table} is not there: ${file}`, "Put it there, or edit cbi.yaml");
    if (found.size === 0)
      return fail(`the source ${table} is empty: ${file}`, "Bring its rows back");
  }
  return pass(
    `its ${files.length} sources are there: ${files.map(({ table }) => table).join(", ")}`,
  );
}
