import path from "node:path";
import type { BigQuerySettings } from "../../config/bigquery-schema.ts";
import type { Config } from "../../config/schema.ts";
import { type Clock, systemClock } from "../../system/clock.ts";
import type { HomePaths } from "../../system/home.ts";
import { systemRandom } from "../../system/random.ts";
import type { SqlFile } from "../sql-files.ts";
import type { Warehouse } from "../warehouse.ts";
import { type Authorization, authorization } from "./credentials.ts";
import { exportTable } from "./export.ts";
import { inputFingerprint } from "./fingerprint.ts";
import { readForecasts, uploadForecasts } from "./forecasts.ts";
import { readPrices } from "./prices.ts";
import { prepare, scriptsOf } from "./prepare.ts";
import { Meter, metered, type Session } from "./query.ts";
import { dropRetiredViews } from "./retired-views.ts";
import { BigQueryRest } from "./rest.ts";

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
  const scripts = (): Promise<SqlFile[]> => scriptsOf(settings, paths.trainingData);
  return {
    kind: "bigquery",

    inputFingerprint: async (asOf) =>
      inputFingerprint(session, config, settings, asOf, texts(await scripts()), never),

    prepare: async (asOf, signal) => {
      signal.throwIfAborted();
      return prepare(metered(world), await scripts(), asOf, signal);
    },

    exportTable: (request, signal) => exportTable(metered(world), request, signal),

    prices: (asOf) => readPrices(session, config, settings, asOf, never),

    upload: (rows, signal) => uploadForecasts(metered(world), rows, signal),

    dropRetiredViews: (signal) => dropRetiredViews(world, signal),

    forecasts: (filter) => readForecasts(world, filter, never),

    cost: () => session.meter.cost,
  };
}

/** By name alone, so that a home that was moved is the same. */
function texts(scripts: readonly SqlFile[]): { name: string; text: string }[] {
  return scripts.map(({ file, text }) => ({ name: path.basename(file), text }));
}

function placed(settings: BigQuerySettings, root: string): BigQuerySettings {
  const { file } = settings.credentials;
  if (file === undefined) return settings;
  return { ...settings, credentials: { ...settings.credentials, file: path.resolve(root, file) } };
}
