/** Emits `dist/` from `src/`: JavaScript in a few files, the Python workers by copy. */
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { rolldown } from "rolldown";

const root = path.resolve(import.meta.dirname, "..");
// Another folder, so that a measurement is not disturbed by the next build.
const dist = path.resolve(process.argv[2] ?? path.join(root, "dist"));
const cli = path.join(dist, "cli");

/**
 * What is asked for often goes into one file with all it needs, because to find, read and link a
 * hundred small modules takes Node longer than these commands work (docs/decisions/0008).
 */
const OFTEN = [
  "cli/main.ts",
  "cli/next-jobs.ts",
  "cli/commands/catchup.ts",
  "cli/commands/next.ts",
  "cli/commands/run.ts",
  "cli/commands/status.ts",
  "cli/commands/watchdog.ts",
  "jobs/command/command-runner.ts",
].map((file) => path.join(root, "src", file));

if (existsSync(dist)) {
  for (const name of readdirSync(dist)) {
    if (name !== "cli") rmSync(path.join(dist, name), { recursive: true, force: true });
  }
}
await using bundle = await rolldown({
  input: path.join(root, "src", "cli", "cbi.ts"),
  platform: "node",
  tsconfig: path.join(root, "tsconfig.json"),
  // Packages stay what npm installs.
  external: (id) => !id.startsWith(".") && !path.isAbsolute(id),
  preserveEntrySignatures: false,
});
await bundle.write({
  dir: cli,
  cleanDir: true,
  format: "esm",
  sourcemap: true,
  comments: false,
  // Names hold a hash, and exports their names: files of two versions never load beside each other.
  chunkFileNames: "[name]-[hash].js",
  minifyInternalExports: false,
  codeSplitting: { groups: [{ name: "often", test: (id) => OFTEN.includes(path.normalize(id)) }] },
});
for (const name of readdirSync(cli).filter((one) => one.endsWith(".js"))) {
  const file = path.join(cli, name);
  writeFileSync(file, inAscii(readFileSync(file, "utf8")));
}

cpSync(path.join(root, "src", "training", "python"), path.join(dist, "training", "python"), {
  recursive: true,
  filter: (source) => !source.includes("__pycache__"),
});
chmodSync(path.join(cli, "cbi.js"), 0o755);

/**
 * One check mark in a text would make V8 keep the whole file at two bytes a character, and read it
 * slower. All such signs stand in texts and patterns, where an escape says the same.
 */
function inAscii(code: string): string {
  return code.replace(/\P{ASCII}/gu, (sign) => {
    const units = Array.from({ length: sign.length }, (_, at) => sign.charCodeAt(at));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
  });
}
