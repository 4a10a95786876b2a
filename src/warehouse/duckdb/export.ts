import type { DuckDBConnection } from "@duckdb/node-api";
import type { Config } from "../../config/schema.ts";
import { queryRows, sqlName, sqlText } from "../../system/duckdb.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import { exists } from "../../system/files.ts";
import { dotted, labelColumn, trainingTable } from "../naming.ts";
import { type Column, type ExportReceipt, FREE } from "../warehouse.ts";
import { databaseFailure, firstLine } from "./database.ts";
import { preparedAsOf, tablesNow } from "./prepared.ts";

/** What to export: the price series says which labels have matured. */
export interface ExportRequest {
  horizon: string;
  asOf: string;
  file: string;
  config: Config;
  /** The price series up to `asOf` as SQL, a query with the columns `date` and `price`. */
  prices: string;
  signal: AbortSignal;
}

/**
 * Writes the training table of a horizon to a Parquet file, in order of date, and reads the receipt
 * from that file. A label whose price row lies after `asOf` is written as null, whatever the table
 * holds: a ready-made table knows labels that a replayed day could not.
 */
export async function exportTable(
  connection: DuckDBConnection,
  request: ExportRequest,
): Promise<ExportReceipt> {
  const { asOf, config, file, horizon } = request;
  if (await exists(file)) throw new Error(`the export file ${file} exists already`);
  await assertPrepared(connection, asOf);
  const name = trainingTable(config, horizon);
  const columns = await tableColumns(connection, dotted(name));
  const table = `${sqlName(name.schema)}.${sqlName(name.table)}`;
  assertColumns(columns, horizon, dotted(name));
  const query = `SELECT * ${await maskedColumns(connection, request, columns)}
    FROM ${table} WHERE date <= DATE ${sqlText(asOf)} ORDER BY date`;
  const copy = `COPY (${query}) TO ${sqlText(file)} (FORMAT parquet, COMPRESSION zstd)`;
  // An interrupt reaches only a statement that runs; one that came before it counts here.
  request.signal.throwIfAborted();
  // A view is computed only now, so that its errors come now.
  await connection.run(copy).catch((error: unknown) => {
    throw databaseFailure(error, file) ?? uncomputable(dotted(name), error);
  });
  const receipt = await readReceipt(connection, file);
  if (receipt.rows === 0) throw noRows(dotted(name), asOf);
  return receipt;
}

async function assertPrepared(connection: DuckDBConnection, asOf: string): Promise<void> {
  const prepared = await preparedAsOf(connection);
  if (prepared === asOf) return;
  throw new Failure({
    code: "CBI_TABLES_NOT_PREPARED",
    message: `the training tables should be those of ${asOf}, they are ${prepared === undefined ? "not made yet" : `of ${prepared}`}`,
    remedy: "Prepare them first: cbi run nightly --from export",
    exit: ExitCode.dataRefused,
    class: "data",
  });
}

async function tableColumns(connection: DuckDBConnection, name: string): Promise<Column[]> {
  const tables = (await tablesNow(connection)).map((table) => `${table.schema}.${table.name}`);
  if (!tables.includes(name)) {
    const made = tables.filter((table) => table.startsWith("training."));
    throw new Failure({
      code: "CBI_TABLE_MISSING",
      message: `the SQL should make the table ${name}; it makes ${made.join(", ") || "no training table"}`,
      remedy: "Make it in TrainingData/prepare/, or take its horizon out of cbi.yaml.",
      exit: ExitCode.dataRefused,
      class: "data",
    });
  }
  return describe(connection, name);
}

async function describe(connection: DuckDBConnection, relation: string): Promise<Column[]> {
  const rows = await queryRows(connection, `DESCRIBE SELECT * FROM ${relation}`);
  return rows.map((row) => ({
    name: String(row["column_name"]),
    type: String(row["column_type"]),
  }));
}

function assertColumns(columns: Column[], horizon: string, table: string): void {
  const types = new Map(columns.map((column) => [column.name, column.type]));
  const wanted = [
    { name: "date", type: "DATE" },
    { name: labelColumn(horizon), type: "DOUBLE" },
  ];
  for (const { name, type } of wanted) {
    if (types.get(name) === type) continue;
    throw new Failure({
      code: types.has(name) ? "CBI_COLUMN_TYPE" : "CBI_COLUMN_MISSING",
      message: `${table} should have the column '${name}' of type ${type}; ${types.has(name) ? `it is ${types.get(name)}` : "there is none"}`,
      remedy: "Correct its SQL in TrainingData/prepare/.",
      exit: ExitCode.dataRefused,
      class: "data",
    });
  }
}

/** REPLACE clauses that blank the labels which had not matured at the as-of date. */
async function maskedColumns(
  connection: DuckDBConnection,
  { config, horizon, prices }: ExportRequest,
  columns: Column[],
): Promise<string> {
  const rowsAhead = config.horizons[horizon];
  if (rowsAhead === undefined)
    throw new Error(`the horizon ${horizon} is not in the configuration`);
  const [newest] = await queryRows(
    connection,
    `SELECT date::VARCHAR AS date FROM (${prices}) ORDER BY date DESC LIMIT 1 OFFSET ${rowsAhead}`,
  );
  const label = sqlName(labelColumn(horizon));
  const isMatured = newest ? `date <= DATE ${sqlText(String(newest["date"]))}` : "false";
  const replaced = [`CASE WHEN ${isMatured} THEN ${label} END AS ${label}`];
  if (columns.some(({ name, type }) => name === "label_reason" && type === "VARCHAR")) {
    replaced.push(
      `CASE WHEN ${isMatured} OR ${label} IS NULL THEN label_reason ELSE 'not_matured' END AS label_reason`,
    );
  }
  return `REPLACE (${replaced.join(", ")})`;
}

async function readReceipt(connection: DuckDBConnection, file: string): Promise<ExportReceipt> {
  const relation = `read_parquet(${sqlText(file)})`;
  const columns = await describe(connection, relation);
  const [row] = await queryRows(
    connection,
    `SELECT count(*) AS n, min(date)::VARCHAR AS first, max(date)::VARCHAR AS last FROM ${relation}`,
  );
  const rows = Number(row?.["n"]);
  const receipt = { rows, ...FREE, jobs: [], columns };
  if (rows === 0) return receipt;
  return { ...receipt, dates: { first: String(row?.["first"]), last: String(row?.["last"]) } };
}

function uncomputable(table: string, error: unknown): Failure {
  return new Failure({
    code: "CBI_TABLE_UNCOMPUTABLE",
    message: `${table} should be computable; it is not: ${firstLine(messageOf(error))}`,
    remedy: "Correct its SQL in TrainingData/prepare/, or the data, for instance with TRY_CAST.",
    exit: ExitCode.dataRefused,
    class: "data",
    cause: error,
  });
}

function noRows(table: string, asOf: string): Failure {
  return new Failure({
    code: "CBI_TABLE_EMPTY",
    message: `${table} should have rows up to ${asOf}; it has none`,
    remedy: "Check its SQL in TrainingData/prepare/ and the dates in the source files.",
    exit: ExitCode.dataRefused,
    class: "data",
  });
}
