import { z } from "zod";
import { columnName, duration, identifier, userPath } from "./values-schema.ts";

const GIBIBYTE = 1024 ** 3;

/** `dataset.table`, in which words in braces are filled in. */
const tablePattern = z
  .string()
  .regex(/^[\w{}]{1,200}\.[\w{}-]{1,400}$/)
  .meta({ expects: "dataset.table, such as predictions.forecasts" });

const columnPattern = columnName.meta({ expects: "the name of a column" });

const tables = z.strictObject({
  training: tablePattern
    .default("training.{symbol}_training_prod_allhistory_{horizon}")
    .describe("The training table of a horizon; {symbol} is filled in in lower case"),
  price: tablePattern
    .default("training.{price_table}")
    .describe("The table of prices; {price_table} is price.table"),
  forecasts: tablePattern.default("predictions.forecasts").describe("Where forecasts go"),
  latest: tablePattern
    .default("predictions.latest_{horizon}")
    .describe("The view of the newest published forecast of a horizon"),
});

const columns = z.strictObject({
  date: columnPattern.default("date").describe("The training tables' column of days"),
  price: columnPattern.default("price").describe("Their column of prices"),
  target: columnPattern
    .default("target_{horizon}")
    .describe("Their column of labels, log returns over the horizon"),
  price_symbol: columnPattern
    .optional()
    .describe("A column of the price table that must equal the symbol; without it all rows count"),
});

const credentials = z.strictObject({
  file: userPath
    .optional()
    .describe("A service account's key, of mode 0600; without it the application default"),
  impersonate: z
    .string()
    .regex(/^[^\s@]{1,100}@[a-z0-9.-]{1,200}$/)
    .optional()
    .meta({ expects: "a service account's address" })
    .describe("The service account to act as"),
});

const endpoint = z.strictObject({
  rest: z
    .string()
    .regex(/^http:\/\/(127\.0\.0\.1|localhost):\d{1,5}$/)
    .meta({ expects: "an address such as http://127.0.0.1:9050" })
    .describe("The emulator's REST address"),
  storage: z
    .string()
    .regex(/^(127\.0\.0\.1|localhost):\d{1,5}$/)
    .optional()
    .meta({ expects: "an address such as 127.0.0.1:9060" })
    .describe("Its gRPC address; without it tables are read by REST"),
});

/** The keys of `warehouse` when its kind is bigquery. */
export const bigqueryWarehouse = z.strictObject({
  kind: z.literal("bigquery").describe("Google BigQuery"),
  project: z
    .string()
    .regex(/^[a-z][a-z0-9.:-]{2,98}[a-z0-9]$/)
    .meta({ expects: "a project's id, such as my-project-1" })
    .describe("The project that owns the tables and pays for the queries"),
  location: z
    .string()
    .regex(/^[A-Za-z0-9-]{2,40}$/)
    .default("US")
    .meta({ expects: "a location such as US, EU or europe-west3" })
    .describe("Where its datasets are"),
  maximum_bytes_billed: z
    .int()
    .min(10 * 1024 * 1024)
    .default(5 * GIBIBYTE)
    .describe("A query that would bill more bytes is refused"),
  credentials: credentials.prefault({}).describe("Who asks; by default gcloud's own login"),
  create_datasets: z
    .boolean()
    .default(false)
    .describe("Whether a missing dataset of the forecasts is made"),
  read: z
    .enum(["auto", "arrow", "rest"])
    .default("auto")
    .describe(
      "How tables are read: the Storage Read API, REST, or REST where the first is refused",
    ),
  tables: tables.prefault({}).describe("Where tables are"),
  columns: columns.prefault({}).describe("How columns are called"),
  forecast_columns: z
    .record(identifier, columnPattern)
    .default({})
    .meta({ expects: "a mapping of our names to yours, such as { price_now: current_price }" })
    .describe("Other names of the forecasts' columns"),
  prepare: userPath
    .optional()
    .describe("A folder of *.sql files, run in order of name before the export; as_of is the day"),
  network_wait: duration.default("2m").describe("How long a network that is not there is awaited"),
  endpoint: endpoint
    .optional()
    .describe("An emulator on this machine; it is asked without a login"),
});

export type BigQuerySettings = z.infer<typeof bigqueryWarehouse>;
