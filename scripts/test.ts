/**
 * `npm test`: builds, checks types, lint, format and dead code, brings the Python environment, then
 * runs the tests. `npm test -- audit` builds and runs only the test files whose path holds "audit".
 */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

interface Step {
  name: string;
  /** Arguments of this Node. */
  argv: readonly string[];
}

const root = path.resolve(import.meta.dirname, "..");
const bin = (name: string, file: string): string => path.join(root, "node_modules", name, file);

const BUILD: Step = { name: "build", argv: ["scripts/build.ts"] };

const CHECKS: readonly Step[] = [
  { name: "types", argv: [bin("typescript", "bin/tsc"), "--noEmit", "-p", "tsconfig.json"] },
  {
    name: "lint",
    argv: [
      bin("oxlint", "bin/oxlint"),
      "--config",
      ".oxlintrc.json",
      "--type-aware",
      "--deny-warnings",
      "src",
      "test",
      "scripts",
    ],
  },
  { name: "format", argv: [bin("oxfmt", "bin/oxfmt"), "--check", "src", "test", "scripts"] },
  { name: "dead code", argv: [bin("knip", "bin/knip.js"), "--no-progress"] },
];

const PYTHON: Step = { name: "Python environment", argv: ["dist/cli/cbi.js", "setup"] };

/** A test may be skipped in CI only for what not every CI machine has. */
const SKIPS_ALLOWED = /^needs (macOS|credentials|a network|Python 3\.13|root)/;

process.chdir(root);
process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;

async function main(filters: readonly string[]): Promise<boolean> {
  const files = globSync("test/**/*.test.ts")
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
    .sort();
  if (files.length === 0) {
    console.error(`no test file's path holds ${filters.join(" or ")}`);
    return false;
  }
  if (!perform(BUILD)) return false;
  const checks = filters.length === 0 ? CHECKS.map(perform) : [];
  const failedChecks = CHECKS.filter((_, index) => checks[index] === false);
  if (!perform(PYTHON)) return false;
  const areTestsGood = await runTests(files);
  for (const { name } of failedChecks) console.error(`failed before the tests: ${name}`);
  return areTestsGood && failedChecks.length === 0;
}

function perform(step: Step): boolean {
  console.log(`\n> ${step.name}`);
  const started = performance.now();
  const { status } = spawnSync(process.execPath, step.argv, { cwd: root, stdio: "inherit" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(status === 0 ? `  done in ${seconds} s` : `  FAILED in ${seconds} s`);
  return status === 0;
}

/** True when every test passed and, in CI, none was skipped for something that CI must have. */
async function runTests(files: readonly string[]): Promise<boolean> {
  console.log(`\n> tests: ${files.length} files`);
  let failures = 0;
  const skips: string[] = [];
  // One more than there are processors: many tests wait for processes and schedulers.
  const stream = run({ files: [...files], concurrency: Math.max(2, availableParallelism()) + 1 });
  stream.on("test:fail", () => {
    failures += 1;
  });
  stream.on("test:pass", ({ name, file, skip, todo }) => {
    const reason = skip ?? todo;
    if (reason === undefined || reason === false) return;
    if (typeof reason === "string" && SKIPS_ALLOWED.test(reason)) return;
    skips.push(`${path.relative(root, file ?? "")}: ${name} (${String(reason)})`);
  });
  for await (const text of stream.compose(spec)) process.stdout.write(text);
  if (skips.length > 0) console.log(`\nskipped here:\n  ${skips.join("\n  ")}`);
  const areSkipsGood = skips.length === 0 || process.env["CI"] !== "true";
  if (!areSkipsGood) console.error("in CI every tool must be there: these skips are failures");
  return failures === 0 && areSkipsGood;
}
