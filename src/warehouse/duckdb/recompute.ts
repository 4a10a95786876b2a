import path from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { TruncationDifference } from "../../audit/truncation.ts";
import type { Config } from "../../config/schema.ts";
import { sqlName, sqlText } from "../../system/duckdb.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import { canonicalJson, hashText } from "../../system/files.ts";
import type { Recipe, Recomputation, RecomputeRequest, RecomputeTable } from "../warehouse.ts";
import { compareTable, type TableDifference } from "./compare-table.ts";
import { databaseFailure, firstLine } from "./database.ts";
import { type SqlFile, sqlFiles } from "../sql-files.ts";
import { makeTables, type Preparation } from "./prepare.ts";
import { isParquet, type Source, sourceQuery } from "./sources.ts";
import { splitStatements } from "./statements.ts";

/** What making tables anew takes besides the request. */
export interface RecomputeOptions {
  config: Config;
  preparation: Preparation;
}

/** The user's SQL as a recipe, or why it must not be run a second time a night. */
export async function recipeOf(
  { config, preparation }: RecomputeOptions,
  isLarge: boolean,
): Promise<Recipe | { problem: string }> {
  const files = await sqlFiles(preparation.folder);
  if (files.length === 0) return { problem: "No SQL makes the training tables." };
  const outside = files.flatMap((file) => outsideEffects(file)).at(0);
  if (outside !== undefined) return { problem: outside };
  const sql = files.map(({ file, text }) => ({ name: path.basename(file), text }));
  const { symbol, price, horizons } = config;
  const sources = preparation.sources.map(({ name, date }) => ({ name, date: date ?? null }));
  return {
    fingerprint: hashText(canonicalJson({ symbol, price, horizons, sources, sql })),
    isLarge,
  };
}

/** Statements whose effects no rollback takes back. */
function outsideEffects({ file, text }: SqlFile): string[] {
  return splitStatements(text, "2000-01-01")
    .filter(
      (statement) =>
        /^(copy|export|attach|detach|install|load|checkpoint)\b/i.test(statement.text) &&
        !/^copy\s+[\w."]+(\s*\([^)]*\))?\s+from\b/i.test(statement.text),
    )
    .map(
      (statement) =>
        `${path.basename(file)}:${statement.line} (${firstLine(statement.text)}) has effects outside of the ` +
        "database, so the SQL is not run a second time.",
    );
}

/**
 * Makes the training tables as of each cut, in a transaction that is rolled back, and compares them
 * with tonight's exports on the days that both hold. A value that another one then stood for is made
 * from later rows, if it also differs when `$as_of` stays tonight's and only the rows are hidden.
 * (Recomputing on a truncated history is the look-ahead test of Freqtrade and of others.)
 */
export async function recompute(
  connection: DuckDBConnection,
  options: RecomputeOptions,
  request: RecomputeRequest,
  signal: AbortSignal,
): Promise<Recomputation> {
  const world: World = { connection, options, request, signal, copies: new Map() };
  for (const source of options.preparation.sources) await copySource(world, source);
  const result: Recomputation = { cuts: [], differences: [], hasOtherTables: false };
  for (const cut of request.cuts) {
    const made = await madeAt(world, { asOf: cut, cut }, request.tables);
    const problem = made.problem === undefined ? {} : { problem: made.problem };
    result.cuts.push({ day: cut, rows: made.rows, ...problem });
    result.hasOtherTables ||= made.hasOtherTables;
    result.differences.push(...(await withCauses(world, cut, made)));
  }
  return result;
}

interface World {
  connection: DuckDBConnection;
  options: RecomputeOptions;
  request: RecomputeRequest;
  signal: AbortSignal;
  /** CSV sources as tonight's rows in temporary tables, since reading them takes the most time. */
  copies: Map<string, string>;
}

async function copySource(world: World, source: Source): Promise<void> {
  if (isParquet(source.file)) return;
  const copy = sqlName(`cbi source ${source.name}`);
  const query = await sourceQuery(world.connection, source, world.request.asOf);
  await world.connection.run(`CREATE OR REPLACE TEMP TABLE ${copy} AS ${query}`);
  world.copies.set(source.name, copy);
}

async function queryAt(world: World, source: Source, cut: string): Promise<string> {
  const copy = world.copies.get(source.name);
  if (copy === undefined) return sourceQuery(world.connection, source, cut);
  const rows = `SELECT * FROM temp.main.${copy}`;
  if (source.date === undefined) return rows;
  return `${rows} WHERE ${sqlName(source.date)} <= DATE ${sqlText(cut)}`;
}

interface Made {
  rows: number;
  differences: (TableDifference & { horizon: string })[];
  hasOtherTables: boolean;
  problem?: string;
}

/** The tables made on rows up to `cut`, compared; SQL that such rows break is a problem, no failure. */
async function madeAt(
  world: World,
  { asOf, cut }: { asOf: string; cut: string },
  tables: readonly RecomputeTable[],
): Promise<Made> {
  const { connection, options, signal } = world;
  const { preparation, config } = options;
  const made: Made = { rows: 0, differences: [], hasOtherTables: false };
  const files = await sqlFiles(preparation.folder);
  const query = (source: Source): Promise<string> => queryAt(world, source, cut);
  await connection.run("BEGIN TRANSACTION");
  try {
    const others = await makeTables(connection, preparation, { asOf, files, query }, signal);
    made.hasOtherTables = others.length > 0;
    // A view that asks for the variable finds none in an export either.
    await connection.run("RESET VARIABLE as_of");
    for (const table of tables) {
      signal.throwIfAborted();
      const compared = await compareTable(connection, config, table, cut);
      made.rows = Math.max(made.rows, compared.rows);
      const { horizon } = table;
      made.differences.push(...compared.differences.map((one) => ({ ...one, horizon })));
    }
  } catch (error) {
    signal.throwIfAborted();
    const failure = error instanceof Failure ? error : databaseFailure(error, preparation.file);
    if (failure && !failure.code.startsWith("CBI_SQL_")) throw failure;
    made.problem = firstLine(messageOf(error));
  } finally {
    await connection.run("ROLLBACK").catch(() => undefined);
  }
  return made;
}

async function withCauses(
  world: World,
  cut: string,
  { differences, rows }: Made,
): Promise<TruncationDifference[]> {
  if (differences.length === 0) return [];
  const suspects = world.request.tables.map((table) => ({
    ...table,
    columns: table.columns.filter(({ name }) =>
      differences.some((one) => one.horizon === table.horizon && one.column === name),
    ),
  }));
  const again = await madeAt(world, { asOf: world.request.asOf, cut }, suspects);
  return differences.map((one) => {
    const confirmed = again.differences.find(
      (other) => other.horizon === one.horizon && other.column === one.column,
    );
    const cause = confirmed ? ("later_rows" as const) : ("as_of" as const);
    return { ...one, ...confirmed, cut, rowsCompared: rows, cause };
  });
}
