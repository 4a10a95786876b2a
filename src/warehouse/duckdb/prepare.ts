import type { DuckDBConnection } from "@duckdb/node-api";
import { queryRows, sqlName, sqlText } from "../../system/duckdb.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import { databaseFailure, firstLine, inTransaction } from "./database.ts";
import { firstChanged, readOwnTables } from "./own-tables.ts";
import { forgetPrepared, recordPrepared, type Relation, tablesNow } from "./prepared.ts";
import { isParquet, type Source, sourceQuery } from "./sources.ts";
import { splitStatements, type Statement } from "./statements.ts";
import { type SqlFile, sqlFiles } from "../sql-files.ts";

/** What `prepare` reads: the user's files and SQL. */
export interface Preparation {
  sources: readonly Source[];
  /** Absolute path of the folder with `*.sql`. */
  folder: string;
  /** The database file, for messages. */
  file: string;
}

/**
 * Makes the training tables as of a day, in one transaction: drops what the last preparation made,
 * shows each source as a table or view without later rows, and runs the user's SQL files in order of name.
 * In them `$as_of` and `getvariable('as_of')` are the day; of cbi's own tables they may change none. Returns the rows of the training tables.
 */
export async function prepareTables(
  connection: DuckDBConnection,
  preparation: Preparation,
  asOf: string,
  signal: AbortSignal,
): Promise<number> {
  const making: Making = {
    asOf,
    files: await sqlFiles(preparation.folder),
    query: (source) => sourceQuery(connection, source, asOf),
  };
  return inTransaction(connection, signal, async () => {
    await makeTables(connection, preparation, making, signal);
    return trainingRows(connection);
  });
}

/** What one making of the tables takes. */
export interface Making {
  /** What the SQL is told. */
  asOf: string;
  files: readonly SqlFile[];
  /** The rows of a source that the SQL may see, as a query. */
  query: (source: Source) => Promise<string>;
}

/** Makes the tables in the open transaction. Returns the tables and views that others put there. */
export async function makeTables(
  connection: DuckDBConnection,
  { sources, file: database }: Pick<Preparation, "sources" | "file">,
  { asOf, files, query }: Making,
  signal: AbortSignal,
): Promise<Relation[]> {
  await connection.run(`SET VARIABLE as_of = DATE ${sqlText(asOf)}`);
  await connection.run("CREATE SCHEMA IF NOT EXISTS training");
  await forgetPrepared(connection);
  const before = await tablesNow(connection);
  for (const source of sources) await showSource(connection, source, await query(source));
  await runFiles(connection, files, database, asOf, signal);
  await recordPrepared(connection, asOf, before);
  return before;
}

/** Runs the files one after another, and refuses one that touches what is cbi's own. */
async function runFiles(
  connection: DuckDBConnection,
  files: readonly SqlFile[],
  database: string,
  asOf: string,
  signal: AbortSignal,
): Promise<void> {
  const before = await readOwnTables(connection);
  for (const file of files) {
    await runFile(connection, file, database, asOf, signal);
    const changed = firstChanged(before, await readOwnTables(connection));
    if (changed !== undefined) throw notYours(file, changed, asOf);
  }
}

/** Parquet is read where it lies; CSV, slow to read and read often, once into a table. */
async function showSource(
  connection: DuckDBConnection,
  source: Source,
  query: string,
): Promise<void> {
  try {
    const kind = isParquet(source.file) ? "VIEW" : "TABLE";
    await connection.run(`CREATE ${kind} main.${sqlName(source.name)} AS ${query}`);
  } catch (error) {
    if (!messageOf(error).includes("already exists")) throw error;
    throw new Failure({
      code: "CBI_SOURCE_NAME_TAKEN",
      message: `the warehouse has a table of its own called '${source.name}', the name of a source`,
      remedy: "Give the source another name in warehouse.sources of cbi.yaml.",
      exit: ExitCode.configInvalid,
      cause: error,
    });
  }
}

async function runFile(
  connection: DuckDBConnection,
  { file, text }: SqlFile,
  database: string,
  asOf: string,
  signal: AbortSignal,
): Promise<void> {
  for (const statement of splitStatements(text, asOf)) {
    signal.throwIfAborted();
    if (/^(begin|commit|rollback|abort|start\s+transaction|end)\b/i.test(statement.text)) {
      throw statementFailure(file, statement, "cbi runs all files in one transaction of its own");
    }
    try {
      const prepared = await connection.prepare(statement.text);
      try {
        await prepared.run();
      } finally {
        prepared.destroySync();
      }
    } catch (error) {
      signal.throwIfAborted();
      throw (
        databaseFailure(error, database) ??
        statementFailure(file, statement, messageOf(error), error)
      );
    }
  }
}

/** A refused statement, with the line in the file at which DuckDB found the fault. */
function statementFailure(
  file: string,
  statement: Statement,
  message: string,
  cause?: unknown,
): Failure {
  const faultLine = Number(/^LINE (\d+):/m.exec(message)?.[1] ?? 1);
  const isData = /^(Conversion|Invalid Input|Out of Range|Constraint) Error/.test(message);
  return new Failure({
    code: isData ? "CBI_SQL_DATA" : "CBI_SQL_REFUSED",
    message: `${file}:${statement.line + faultLine - 1}: ${firstLine(message)} (in: ${firstLine(statement.text)})`,
    remedy: isData
      ? "Correct the data, or make the SQL fit them, for instance with TRY_CAST."
      : "Correct the SQL and run again; nothing was changed.",
    exit: isData ? ExitCode.dataRefused : ExitCode.configInvalid,
    class: isData ? "data" : "fatal",
    cause,
  });
}

/** The refusal of a file that changed `table`, at the statement that names it, if one does. */
function notYours({ file, text }: SqlFile, table: string, asOf: string): Failure {
  const name = table.slice(table.indexOf(".") + 1).toLowerCase();
  const schema = table.slice(0, table.indexOf(".")).toLowerCase();
  const statements = splitStatements(text, asOf);
  const named = [name, schema]
    .map((word) => statements.find((statement) => statement.text.toLowerCase().includes(word)))
    .find((statement) => statement !== undefined);
  const place = named === undefined ? file : `${file}:${named.line}`;
  const said = named === undefined ? "" : ` (in: ${firstLine(named.text)})`;
  return new Failure({
    code: "CBI_SQL_NOT_YOURS",
    message: `${place}: the SQL changes ${table}, which is cbi's own${said}`,
    remedy:
      "Make tables in training or in schemas of your own; predictions may be read. Nothing was changed.",
    exit: ExitCode.configInvalid,
  });
}

async function trainingRows(connection: DuckDBConnection): Promise<number> {
  let rows = 0;
  for (const { schema, name } of await tablesNow(connection)) {
    if (schema !== "training") continue;
    const [count] = await queryRows(
      connection,
      `SELECT count(*) AS n FROM training.${sqlName(name)}`,
    );
    rows += Number(count?.["n"]);
  }
  return rows;
}
