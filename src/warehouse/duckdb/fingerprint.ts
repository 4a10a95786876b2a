import path from "node:path";
import type { Config } from "../../config/schema.ts";
import { canonicalJson, hashFile, hashText } from "../../system/files.ts";
import { sqlFiles } from "../sql-files.ts";
import { type Source, sourceFiles } from "./sources.ts";

// Raised when this adapter makes other tables or exports from the same input.
const ADAPTER_VERSION = 1;

/**
 * A hash of all that decides what the training tables of a day hold: the bytes of the source files,
 * the SQL texts, the configuration that names them, and the day. A missing file counts as missing;
 * `prepare` is the one to complain.
 */
export async function inputFingerprint(
  config: Config,
  sources: readonly Source[],
  folder: string,
  asOf: string,
): Promise<string> {
  const files = await Promise.all(
    sources.map(async ({ name, file, date, decimal }) => ({
      name,
      kind: path.extname(file).toLowerCase(),
      date: date ?? null,
      ...(decimal !== undefined && { decimal }),
      bytes: await Promise.all((await sourceFiles(file)).map(hashFile)),
    })),
  );
  const sql = (await sqlFiles(folder)).map(({ file, text }) => ({
    name: path.basename(file),
    text,
  }));
  const { symbol, price, horizons } = config;
  return hashText(
    canonicalJson({ version: ADAPTER_VERSION, asOf, symbol, price, horizons, files, sql }),
  );
}
