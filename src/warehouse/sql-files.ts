import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { isErrno } from "../system/files.ts";

/** One of the user's SQL files. */
export interface SqlFile {
  /** Absolute. */
  file: string;
  text: string;
}

/** The user's `*.sql` in order of name. A folder that is not there is a failure, an empty one not. */
export async function sqlFiles(folder: string): Promise<SqlFile[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (!isErrno(error, "ENOENT") && !isErrno(error, "ENOTDIR")) throw error;
    throw new Failure({
      code: "CBI_SQL_FOLDER_MISSING",
      message: `the SQL that makes the training tables should be in ${folder}, which is no folder`,
      remedy: "Make it, or correct warehouse.prepare in cbi.yaml.",
      exit: ExitCode.configInvalid,
      cause: error,
    });
  }
  const sql = names.filter((name) => name.endsWith(".sql") && !name.startsWith(".")).sort();
  return Promise.all(
    sql.map(async (name) => {
      const file = path.join(folder, name);
      return { file, text: await readFile(file, "utf8") };
    }),
  );
}
