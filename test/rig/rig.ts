import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { aliases, decisions } from "../../src/ledger/champions.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { newestRuns, stagesOf, type RunRecord, type StageRecord } from "../../src/ledger/runs.ts";
import { statusFile } from "../../src/ledger/status-file.ts";
import { runStatusSchema, type RunStatus } from "../../src/ledger/status-schema.ts";
import { listModels } from "../../src/models/registry.ts";
import { queryRows, withDuckdb } from "../../src/system/duckdb.ts";
import { homePaths, type HomePaths } from "../../src/system/home.ts";
import { exists } from "../../src/system/files.ts";
import { forecastRowSchema, type ForecastRow } from "../../src/evaluation/forecast.ts";
import { CbiProcess, type CbiEnd, type CbiStart } from "./cbi-process.ts";
import { pollUntil, processesMarked } from "./processes.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../..");
/** Enough for the windows of a year, three years of training and two folds. */
const FIRST_DAY = "2019-01-01";

/** A night of two horizons and six small trainings. */
export const QUICK_CONFIG = `version: 1
symbol: WTI
as_of: 2025-12-31
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv, brent: raw/brent.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5, 1m: 21 }
train: { algorithms: [lightgbm_dart], folds: 2, fold_rows: 120, window: 3y, rounds_max: 20, patience: 5 }
evaluate: { calibration_rows: 60 }
jobs:
  nightly: { kind: pipeline }
`;

/** A real home in a temporary folder, and the real `cbi` as processes on it. */
export class Rig implements AsyncDisposable {
  readonly paths: HomePaths;
  readonly #folder: string;
  readonly #processes: CbiProcess[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
    this.paths = homePaths(path.join(folder, "home"));
  }

  /**
   * Makes a home with the demo's prices since 2019 and its SQL. When the test fails, what every
   * process said is printed; with CBI_TEST_KEEP=1 the folder stays.
   */
  static async make(t: TestContext | undefined, config = QUICK_CONFIG): Promise<Rig> {
    const rig = await Rig.#empty(t);
    for (const folder of ["Logs", "Models", "TrainingData/raw"]) {
      await mkdir(path.join(rig.paths.root, folder), { recursive: true });
    }
    const data = path.join(REPOSITORY, "TrainingData");
    await cp(path.join(data, "prepare"), path.join(rig.paths.trainingData, "prepare"), {
      recursive: true,
    });
    for (const name of ["wti.csv", "brent.csv"]) {
      const text = await readFile(path.join(data, "raw", name), "utf8");
      const [head = "", ...lines] = text.split("\n");
      const recent = lines.filter((line) => line.slice(0, 10) >= FIRST_DAY);
      await rig.write(`TrainingData/raw/${name}`, [head, ...recent, ""].join("\n"));
    }
    await rig.write("cbi.yaml", config);
    return rig;
  }

  /** A copy of another rig's home: what a finished night looks like, without running it again. */
  static async copyOf(t: TestContext, template: Rig): Promise<Rig> {
    const rig = await Rig.#empty(t);
    await cp(template.paths.root, rig.paths.root, { recursive: true });
    return rig;
  }

  static async #empty(t: TestContext | undefined): Promise<Rig> {
    const rig = new Rig(await mkdtemp(path.join(os.tmpdir(), "cbi-rig-")));
    await mkdir(path.join(rig.#folder, "tmp"));
    t?.after(() => {
      // Node's types of 24 do not know it yet; it is there since 21.7.
      const hasPassed = "passed" in t && t.passed === true;
      if (!hasPassed) process.stderr.write(rig.#story());
    });
    return rig;
  }

  /** Starts `cbi` on this home. */
  start(words: readonly string[], rest: Partial<CbiStart> = {}): CbiProcess {
    const started = new CbiProcess(words, {
      workingDirectory: this.#folder,
      ...rest,
      environment: { ...this.environment(), ...rest.environment },
    });
    this.#processes.push(started);
    return started;
  }

  /** Runs `cbi` on this home to its end. */
  async cbi(words: readonly string[], rest: Partial<CbiStart> = {}): Promise<CbiEnd> {
    return this.start(words, rest).ended;
  }

  /** A night to its end, with its events. */
  async night(...words: string[]): Promise<CbiEnd> {
    return this.cbi(["run", "nightly", "--json", ...words]);
  }

  environment(): Record<string, string | undefined> {
    const { PATH, HOME, XDG_DATA_HOME, CBI_PYTHON_ENV, NODE_V8_COVERAGE } = process.env;
    return {
      ...Object.fromEntries(
        Object.entries({ PATH, HOME, XDG_DATA_HOME, CBI_PYTHON_ENV, NODE_V8_COVERAGE }).filter(
          ([, value]) => value !== undefined,
        ),
      ),
      CBI_HOME: this.paths.root,
      // Passed on to the workers, so that every process of this rig can be told by it.
      TMPDIR: path.join(this.#folder, "tmp"),
    };
  }

  async write(name: string, text: string | Uint8Array): Promise<void> {
    await mkdir(path.dirname(this.file(name)), { recursive: true });
    await writeFile(this.file(name), text);
  }

  async read(name: string): Promise<string> {
    return readFile(this.file(name), "utf8");
  }

  file(name: string): string {
    return path.join(this.paths.root, name);
  }

  /** `cbi status --json`, held to its schema, with the exit code. */
  async status(): Promise<{ exitCode: number | null; status: RunStatus }> {
    const { exitCode, stdout } = await this.cbi(["status", "--json"]);
    return { exitCode, status: runStatusSchema.parse(JSON.parse(stdout)) };
  }

  /** `last_run_status.json`, held to its schema. */
  async statusFile(): Promise<RunStatus> {
    return runStatusSchema.parse(
      JSON.parse(await readFile(statusFile(this.paths, "nightly"), "utf8")),
    );
  }

  /** Every run in the ledger with its stages, the oldest first. */
  runs(): (RunRecord & { stages: StageRecord[] })[] {
    using ledger = Ledger.open(this.paths.ledger);
    return newestRuns(ledger, { limit: 10_000 })
      .map((run) => ({ ...run, stages: stagesOf(ledger, run.id) }))
      .toReversed();
  }

  /** What of the ledger a repeated night must not double. */
  champions(): { aliases: string[]; decisions: string[] } {
    using ledger = Ledger.open(this.paths.ledger);
    return {
      aliases: aliases(ledger).map((one) => `${one.horizon} ${one.alias} ${one.version}`),
      decisions: decisions(ledger, { limit: 1000 })
        .map((one) => `${one.asOf} ${one.horizon} ${one.maker} ${one.kind} ${one.algorithm}`)
        .sort(),
    };
  }

  /** Every published row, in the order of the key. */
  async forecasts(): Promise<ForecastRow[]> {
    if (!(await exists(this.paths.warehouse))) return [];
    return withDuckdb({ file: this.paths.warehouse }, async (connection) => {
      const tables = await queryRows(
        connection,
        "SELECT 1 FROM information_schema.tables WHERE table_schema = 'predictions' AND table_name = 'forecasts'",
      );
      if (tables.length === 0) return [];
      const rows = await queryRows(
        connection,
        "SELECT * REPLACE (as_of::VARCHAR AS as_of, target_date::VARCHAR AS target_date) FROM predictions.forecasts ORDER BY symbol, as_of, horizon, model_role, algorithm",
      );
      return rows.map((row) => forecastRowSchema.parse(row));
    });
  }

  /** The versions on disk as `1w/lightgbm_dart/<version>`. */
  async models(): Promise<string[]> {
    const { keys } = await listModels(this.paths);
    return keys.map((key) => `${key.horizon}/${key.algorithm}/${key.version}`);
  }

  /** The processes of this rig that live: `cbi` itself and its workers. */
  processes(): number[] {
    return processesMarked(`TMPDIR=${path.join(this.#folder, "tmp")}`);
  }

  /** Waits until the workers of a killed `cbi` have noticed. */
  async untilNoProcess(): Promise<void> {
    await pollUntil("no process of the rig is left", () => this.processes().length === 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of this.processes()) killIfThere(pid);
    await this.untilNoProcess();
    if (process.env["CBI_TEST_KEEP"] === "1") process.stderr.write(`kept: ${this.#folder}\n`);
    else await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  #story(): string {
    const parts = this.#processes.map((one) => {
      const { words, stdout, stderr } = one.said();
      return `\n$ cbi ${words.join(" ")}\n${stdout.slice(-6000)}${stderr.slice(-3000)}`;
    });
    return `\n${parts.join("")}\n`;
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
