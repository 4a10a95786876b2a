/**
 * Compiles the two lock files of the workers from their `.in` files, with uv from the PATH:
 * `node scripts/generate/requirements-lock.ts`. The hashes of every platform's wheels are in them;
 * the place that packages come from is the user's choice and must not be.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

const folder = path.resolve(import.meta.dirname, "../../src/training/python");

for (const name of ["requirements", "bootstrap"]) {
  const lock = path.join(folder, `${name}.lock`);
  const compiled = spawnSync(
    "uv",
    [
      ..."pip compile --quiet --universal --python-version 3.11 --upgrade".split(" "),
      ..."--generate-hashes --no-emit-index-url --no-header --no-annotate".split(" "),
      `${name}.in`,
      "--output-file",
      lock,
    ],
    { cwd: folder, stdio: ["ignore", "ignore", "inherit"] },
  );
  if (compiled.status !== 0) process.exit(compiled.status ?? 1);
  if (/:\/\//.test(readFileSync(lock, "utf8"))) {
    console.error(`${lock} names an address; compile it without index options`);
    process.exit(1);
  }
}
