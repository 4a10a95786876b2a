import type { DuckDBConnection } from "@duckdb/node-api";
import { queryRows, sqlName, sqlText } from "../../system/duckdb.ts";

/** A table or view of the database. */
export interface Relation {
  schema: string;
  name: string;
  kind: "TABLE" | "VIEW";
}

/** The tables and views outside of cbi's own schema and the forecasts. */
export async function tablesNow(connection: DuckDBConnection): Promise<Relation[]> {
  const rows = await queryRows(
    connection,
    `SELECT table_schema, table_name, table_type FROM information_schema.tables
     WHERE table_catalog = current_database() AND table_schema NOT IN ('cbi', 'predictions')
     ORDER BY ALL`,
  );
  return rows.map((row) => ({
    schema: String(row["table_schema"]),
    name: String(row["table_name"]),
    kind: row["table_type"] === "VIEW" ? "VIEW" : "TABLE",
  }));
}

/**
 * Drops what the last preparation made, so that a table whose SQL is gone does not live on and look
 * fresh. Tables that the user put into the database by other means stay.
 */
export async function forgetPrepared(connection: DuckDBConnection): Promise<void> {
  await connection.run("CREATE SCHEMA IF NOT EXISTS cbi");
  await connection.run("CREATE TABLE IF NOT EXISTS cbi.prepared (as_of DATE NOT NULL)");
  await connection.run("CREATE TABLE IF NOT EXISTS cbi.made (schema VARCHAR, name VARCHAR)");
  const made = new Set(
    (await queryRows(connection, "SELECT schema, name FROM cbi.made")).map(
      (row) => `${String(row["schema"])}.${String(row["name"])}`,
    ),
  );
  for (const { schema, name, kind } of await tablesNow(connection)) {
    if (!made.has(`${schema}.${name}`)) continue;
    await connection.run(`DROP ${kind} ${sqlName(schema)}.${sqlName(name)}`);
  }
}

/** Notes the day of a preparation and what it made: all that was not there before it. */
export async function recordPrepared(
  connection: DuckDBConnection,
  asOf: string,
  before: readonly Relation[],
): Promise<void> {
  const old = new Set(before.map(({ schema, name }) => `${schema}.${name}`));
  await connection.run("DELETE FROM cbi.prepared");
  await connection.run(`INSERT INTO cbi.prepared VALUES (DATE ${sqlText(asOf)})`);
  await connection.run("DELETE FROM cbi.made");
  for (const { schema, name } of await tablesNow(connection)) {
    if (old.has(`${schema}.${name}`)) continue;
    await connection.run(`INSERT INTO cbi.made VALUES (${sqlText(schema)}, ${sqlText(name)})`);
  }
}

/** The day of the last finished preparation, or undefined when there was none. */
export async function preparedAsOf(connection: DuckDBConnection): Promise<string | undefined> {
  const tables = await queryRows(
    connection,
    "SELECT 1 FROM information_schema.tables WHERE table_schema = 'cbi' AND table_name = 'prepared'",
  );
  if (tables.length === 0) return undefined;
  const [row] = await queryRows(connection, "SELECT as_of::VARCHAR AS as_of FROM cbi.prepared");
  return row === undefined ? undefined : String(row["as_of"]);
}
