/**
 * The demo's train stage (50 folds, 10 final fits) by the local executor, beside a plain Python script
 * that does the same trainings one after another with the libraries' default threading; alternating,
 * in one run: `node scripts/bench/train.ts [repeats]`. Needs `cbi setup`.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parse } from "yaml";
import { type Config, configSchema } from "../../src/config/schema.ts";
import { systemClock } from "../../src/system/clock.ts";
import { queryRows, sqlText, withDuckdb } from "../../src/system/duckdb.ts";
import { hashFile } from "../../src/system/files.ts";
import { homePaths } from "../../src/system/home.ts";
import { featureColumns } from "../../src/training/features.ts";
import { finalRounds, type FoldPlan, planFolds } from "../../src/training/folds.ts";
import { createLocalExecutor } from "../../src/training/local-executor.ts";
import { specFor } from "../../src/training/specs.ts";
import { type Candidate, finalTask, foldTasks } from "../../src/training/tasks.ts";
import {
  type FinalTask,
  type FoldTask,
  targetColumn,
  type TrainingResult,
  type TrainingTask,
} from "../../src/training/training.ts";
import { PYTHON_PACKAGE } from "../../src/workers/command.ts";
import { processors } from "../../src/workers/cpu-budget.ts";
import { resolvePythonEnvironment } from "../../src/workers/environment.ts";
import { openWarehouse } from "../../src/warehouse/open.ts";

type Planned = Candidate & { plan: Extract<FoldPlan, { kind: "plan" }> };

interface Measure {
  wallSeconds: number;
  cpuSeconds: number;
  /** Sum of the trainings' own wall seconds: what the workers were busy, on a loaded machine too. */
  busySeconds: number;
}

const root = path.resolve(import.meta.dirname, "../..");
const repeats = Number(process.argv[2] ?? "3");
const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-bench-train-"));
try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const config = configSchema.parse(parse(readFileSync(path.join(root, "cbi.yaml"), "utf8")));
  const load = os.loadavg()[0] ?? 0;
  if (load > 1) {
    console.log(`load is ${load.toFixed(1)}: wait for a quiet machine, or read only the idleness`);
  }
  const planned = await planDemo(config);
  const ours: Measure[] = [];
  const plain: Measure[] = [];
  for (let round = 0; round < repeats; round++) {
    const { measure, tasks } = await trainOurs(planned, config, path.join(folder, `ours-${round}`));
    ours.push(measure);
    console.log(`run ${round + 1}: ${measure.wallSeconds.toFixed(1)} s by the executor`);
    plain.push(trainPlain(tasks, path.join(folder, `plain-${round}`)));
  }
  const cores = processors();
  const best = byWall(ours);
  const yardstick = byWall(plain);
  console.log(
    `${planned.length * (config.train.folds + 1)} trainings at most, ${cores} processors, median of ${repeats}`,
  );
  console.log("                               wall s   CPU s   wall / (CPU / processors)");
  console.log(line("local executor", best, cores));
  console.log(line("plain Python, default threads", yardstick, cores));
  const idle = 1 - best.busySeconds / best.wallSeconds / cores;
  console.log(`workers idle: ${(100 * idle).toFixed(1)} % of the time`);
  console.log(`speed-up: ${(yardstick.wallSeconds / best.wallSeconds).toFixed(2)}x (target 1.35x)`);
}

/** The demo's tables as the warehouse exports them, planned as the train stage plans. */
async function planDemo(config: Config): Promise<Planned[]> {
  const home = path.join(folder, "home");
  mkdirSync(home);
  cpSync(path.join(root, "TrainingData"), path.join(home, "TrainingData"), { recursive: true });
  const signal = new AbortController().signal;
  const warehouse = openWarehouse(config, homePaths(home));
  const asOf = config.as_of ?? "2025-12-31";
  await warehouse.prepare(asOf, signal);
  const planned: Planned[] = [];
  for (const [horizon, horizonRows] of Object.entries(config.horizons)) {
    const file = path.join(folder, `${horizon}.parquet`);
    const { columns } = await warehouse.exportTable({ horizon, asOf, file }, signal);
    const target = targetColumn(horizon);
    const dataset = { horizon, horizonRows, file, sha256: await hashFile(file), target };
    const plan = planFolds({ ...(await labelsOf(file, target)), horizonRows }, config.train);
    if (plan.kind === "refused") throw new Error(plan.reason);
    const features = featureColumns(columns, target, config.train).map(({ name }) => name);
    for (const algorithm of config.train.algorithms) {
      planned.push({ dataset, plan, threads: 1, spec: specFor(algorithm, config.train, features) });
    }
  }
  return planned;
}

async function labelsOf(file: string, target: string) {
  const rows = await withDuckdb(
    { file: ":memory:", memoryLimit: "256MB", threads: 1 },
    (connection) =>
      queryRows(
        connection,
        `SELECT date::VARCHAR AS date, ${target} IS NOT NULL AS labelled FROM ${sqlText(file)}`,
      ),
  );
  return {
    dates: rows.map((row) => String(row["date"])),
    labelled: rows.map((row) => row["labelled"] === true),
  };
}

/** Folds, then final fits, from the start of the first worker to the end of the last training. */
async function trainOurs(
  planned: Planned[],
  config: Config,
  models: string,
): Promise<{ measure: Measure; tasks: TrainingTask[] }> {
  await using executor = createLocalExecutor({
    environment: process.env,
    workers: "auto",
    clock: systemClock,
  });
  const watch = {
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onResult: async () => undefined,
  };
  const startedAt = performance.now();
  const groups = planned.map((one) => foldTasks(one, one.plan, config.train));
  const folds = await executor.train(groups.flat(), watch);
  const finals = planned.map((one, index) => finalFit(one, groups[index] ?? [], folds, models));
  const fits = await executor.train(finals, watch);
  const wallSeconds = (performance.now() - startedAt) / 1000;
  const all = [...folds.values(), ...fits.values()];
  const sum = (of: (result: TrainingResult) => number) =>
    all.reduce((total, result) => total + of(result), 0);
  const cpuSeconds = sum((result) => result.cpuSeconds);
  const busySeconds = sum((result) => result.wallSeconds);
  return {
    measure: { wallSeconds, cpuSeconds, busySeconds },
    tasks: [...groups.flat(), ...finals],
  };
}

function finalFit(
  one: Planned,
  group: FoldTask[],
  folds: Map<string, TrainingResult>,
  models: string,
): FinalTask {
  const found = group.flatMap(({ id }) => {
    const result = folds.get(id);
    return result?.kind === "fold" ? [result] : [];
  });
  const { final } = one.plan;
  return finalTask(one, {
    train: final,
    rounds: finalRounds(found, final.to - final.from),
    modelFile: path.join(models, `${one.dataset.horizon}-${one.spec.algorithm}.model`),
    seed: 7,
  });
}

function trainPlain(tasks: TrainingTask[], models: string): Measure {
  const list = path.join(folder, "tasks.json");
  const moved = tasks.map((task) =>
    task.kind === "final"
      ? { ...task, modelFile: path.join(models, path.basename(task.modelFile)) }
      : task,
  );
  writeFileSync(list, JSON.stringify(moved));
  const { python } = resolvePythonEnvironment(process.env);
  const script = path.join(import.meta.dirname, "plain_training.py");
  const end = spawnSync(python, ["-I", script, PYTHON_PACKAGE, list], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const last = end.stdout.trim().split("\n").at(-1) ?? "";
  const measure = JSON.parse(last) as Omit<Measure, "busySeconds">;
  return { ...measure, busySeconds: measure.wallSeconds };
}

function byWall(measures: Measure[]): Measure {
  const sorted = measures.toSorted((left, right) => left.wallSeconds - right.wallSeconds);
  const median = sorted[Math.floor(sorted.length / 2)];
  if (!median) throw new Error("nothing was measured");
  return median;
}

function line(name: string, { wallSeconds, cpuSeconds }: Measure, cores: number): string {
  const ratio = wallSeconds / (cpuSeconds / cores);
  const figures = [wallSeconds.toFixed(1).padStart(8), cpuSeconds.toFixed(1).padStart(8)];
  return `${name.padEnd(29)}${figures.join("")}${ratio.toFixed(2).padStart(10)}`;
}
