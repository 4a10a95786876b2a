import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import type { BigQuerySettings } from "../../config/bigquery-schema.ts";
import type { Config } from "../../config/schema.ts";
import { type Clock, systemClock } from "../../system/clock.ts";
import type { HomePaths } from "../../system/home.ts";
import { systemRandom } from "../../system/random.ts";
import type { Warehouse } from "../warehouse.ts";
import { type Authorization, authorization } from "./credentials.ts";
import { exportTable } from "./export.ts";
import { inputFingerprint } from "./fingerprint.ts";
import { readForecasts, uploadForecasts } from "./forecasts.ts";
import { readPrices } from "./prices.ts";
import { Meter, metered, runQuery, type Session } from "./query.ts";
import { dropRetiredViews } from "./retired-views.ts";
import { BigQueryRest } from "./rest.ts";
import { sqlText } from "./tables.ts";

/** What the remote warehouse of a home is made of. */
export interface BigQueryOptions {
  config: Config;
  settings: BigQuerySettings;
  paths: Pick<HomePaths, "trainingData" | "root">;
  /** Says where the workers' environment is and, to Google's library, who asks. */
  environment: Readonly<Record<string, string | undefined>>;
  clock?: Clock;
}

/** What all work on one BigQuery warehouse uses. */
export interface BigQueryWorld {
  session: Session;
  settings: BigQuerySettings;
  authorization: Authorization;
  clock: Clock;
}

/** The connection of a home to BigQuery. Nothing is contacted yet. */
export function bigqueryWorld(
  options: Omit<BigQueryOptions, "config" | "environment">,
): BigQueryWorld {
  const { paths, clock = systemClock } = options;
  const settings = placed(options.settings, paths.root);
  const auth = authorization(settings);
  const rest = new BigQueryRest({ settings, authorization: auth, clock, random: systemRandom });
  const bytesMax = settings.maximum_bytes_billed;
  return {
    session: { rest, location: settings.location, bytesMax, meter: new Meter() },
    settings,
    authorization: auth,
    clock,
  };
}

/** BigQuery as a warehouse. Nothing is contacted, and none of Google's code loaded, before it is used. */
export function openBigQueryWarehouse(options: BigQueryOptions): Warehouse {
  const { config, paths, environment } = options;
  const common = bigqueryWorld(options);
  const { session, settings } = common;
  const world = { ...common, config, environment };
  const never = new AbortController().signal;
  const scripts = (): Promise<{ name: string; text: string }[]> =>
    sqlScripts(settings.prepare, paths.trainingData);
  return {
    kind: "bigquery",

    inputFingerprint: async (asOf) =>
      inputFingerprint(session, config, settings, asOf, await scripts(), never),

    async prepare(asOf, signal) {
      signal.throwIfAborted();
      const { session: own } = metered(common);
      const jobs: string[] = [];
      for (const { name, text } of await scripts()) {
        const sql = `DECLARE as_of DATE DEFAULT DATE ${sqlText(asOf)};\n${text}`;
        const request = {
          name: `${asOf}-prepare`,
          sql,
          isRepeatable: false,
          isScript: true,
          signal,
        };
        const result = await runQuery(own, request);
        jobs.push(`${result.jobId} (${name})`);
      }
      return { rows: 0, ...own.meter.cost, jobs };
    },

    exportTable: (request, signal) => exportTable(metered(world), request, signal),

    prices: (asOf) => readPrices(session, config, settings, asOf, never),

    upload: (rows, signal) => uploadForecasts(metered(world), rows, signal),

    dropRetiredViews: (signal) => dropRetiredViews(world, signal),

    forecasts: (filter) => readForecasts(world, filter, never),

    cost: () => session.meter.cost,
  };
}

function placed(settings: BigQuerySettings, root: string): BigQuerySettings {
  const { file } = settings.credentials;
  if (file === undefined) return settings;
  return { ...settings, credentials: { ...settings.credentials, file: path.resolve(root, file) } };
}

/** The user's `*.sql` in order of name; none when the configuration names no folder. */
async function sqlScripts(
  folder: string | undefined,
  trainingData: string,
): Promise<{ name: string; text: string }[]> {
  if (folder === undefined) return [];
  const absolute = path.resolve(trainingData, folder);
  const names = (await readdir(absolute)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (name) => ({ name, text: await readFile(path.join(absolute, name), "utf8") })),
  );
}
