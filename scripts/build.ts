/** Emits `dist/` from `src/`: JavaScript by the compiler, the Python workers by copy. */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, rmSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const dist = path.join(root, "dist");

rmSync(dist, { recursive: true, force: true });
const compiler = path.join(root, "node_modules", "typescript", "bin", "tsc");
const compiled = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

cpSync(path.join(root, "src", "training", "python"), path.join(dist, "training", "python"), {
  recursive: true,
  filter: (source) => !source.includes("__pycache__"),
});
chmodSync(path.join(dist, "cli", "cbi.js"), 0o755);
