import { queryRows, sqlText, withDuckdb } from "../../system/duckdb.ts";
import { type ExportReceipt, FREE } from "../warehouse.ts";

/** What an exported file holds, read from the file itself. */
export async function readReceipt(file: string): Promise<ExportReceipt> {
  const relation = `read_parquet(${sqlText(file)})`;
  return withDuckdb({ file: ":memory:", memoryLimit: "64MB", threads: 1 }, async (connection) => {
    const described = await queryRows(connection, `DESCRIBE SELECT * FROM ${relation}`);
    const columns = described.map((row) => ({
      name: String(row["column_name"]),
      type: String(row["column_type"]),
    }));
    const [row] = await queryRows(
      connection,
      `SELECT count(*) AS n, min(date)::VARCHAR AS first, max(date)::VARCHAR AS last FROM ${relation}`,
    );
    const rows = Number(row?.["n"]);
    const receipt = { rows, ...FREE, jobs: [], columns };
    if (rows === 0) return receipt;
    return { ...receipt, dates: { first: String(row?.["first"]), last: String(row?.["last"]) } };
  });
}
