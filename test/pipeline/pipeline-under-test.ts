import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { z } from "zod";
import { configSchema, type Config } from "../../src/config/schema.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { stagesOf, type StageRecord } from "../../src/ledger/runs.ts";
import { statusFile } from "../../src/ledger/status-file.ts";
import { runStatusSchema, type RunStatus } from "../../src/ledger/status-schema.ts";
import { Chain } from "../../src/pipeline/chain.ts";
import type { RunEvent } from "../../src/pipeline/events.ts";
import type {
  PipelineRequest,
  PipelineServices,
  RunVerdict,
} from "../../src/pipeline/run-request.ts";
import { runPipeline } from "../../src/pipeline/runner.ts";
import type { Stage, StageContext } from "../../src/pipeline/stage.ts";
import { calendarNamed } from "../../src/schedule/calendar/named.ts";
import { hashFile, hashText } from "../../src/system/files.ts";
import { homePaths, type HomePaths } from "../../src/system/home.ts";
import { ManualClock } from "../rig/manual-clock.ts";

export const outputSchema = z.strictObject({ path: z.string(), sha256: z.string() });
type Output = z.infer<typeof outputSchema>;

/** What a test may change of a stage between two runs. */
export interface Behaviour {
  /** Part of the fingerprint. */
  input: string;
  version: number;
  attempts: number;
  deadlineMs: number;
  /** Called before the output is written; throws what is to go wrong. */
  before: (context: StageContext, call: number) => Promise<void>;
  /** Called after the output is hashed: a stage that lies. */
  after: (file: string) => Promise<void>;
}

/** A pipeline of three small stages, each of which writes one file that holds what went in. */
export class PipelineUnderTest implements AsyncDisposable {
  readonly paths: HomePaths;
  readonly stages: Record<"export" | "audit" | "train", Behaviour>;
  readonly calls: string[] = [];
  readonly events: RunEvent[] = [];
  /** The status file as it was at each event. */
  readonly statuses: (RunStatus | undefined)[] = [];
  readonly stop = new AbortController();
  clock = new ManualClock("2026-01-02T05:00:00Z", (ms) => ms < 10 * 60_000);
  codeHash = "code-1";
  config: Config;
  chance = 0.5;
  tidyUp: () => Promise<readonly string[]> = async () => [];
  beforeStage: () => Promise<void> = async () => undefined;
  readonly #folder: string;
  #ids = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.paths = homePaths(folder);
    const stage = (): Behaviour => ({
      input: "1",
      version: 1,
      attempts: 3,
      deadlineMs: 3_600_000,
      before: async () => undefined,
      after: async () => undefined,
    });
    this.stages = { export: stage(), audit: stage(), train: stage() };
    this.config = configSchema.parse({
      version: 1,
      symbol: "WTI",
      warehouse: { kind: "duckdb", sources: { wti: "raw/wti.csv" } },
      price: { table: "wti", date: "date", column: "price" },
      horizons: { "1w": 5 },
    });
  }

  static async make(): Promise<PipelineUnderTest> {
    return new PipelineUnderTest(await mkdtemp(path.join(os.tmpdir(), "cbi-pipeline-")));
  }

  async run(request: Partial<PipelineRequest> = {}): Promise<RunVerdict> {
    this.calls.length = 0;
    this.events.length = 0;
    this.statuses.length = 0;
    const asked = { job: "nightly", trigger: "person" as const, asOf: "2025-12-31", ...request };
    return runPipeline(asked, this.#services());
  }

  ledgerStages(run: string | null): StageRecord[] {
    using ledger = Ledger.open(this.paths.ledger);
    return stagesOf(ledger, run ?? "");
  }

  /** The stages that were reused in the last run. */
  reused(): string[] {
    return this.events.flatMap((event) =>
      event.event === "stage-finished" && event.reused ? [event.stage] : [],
    );
  }

  file(stage: string): string {
    return path.join(this.#folder, `${stage}.txt`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  #services(): PipelineServices {
    return {
      paths: this.paths,
      config: this.config,
      configHash: "config",
      version: "0.0.0",
      codeHash: this.codeHash,
      chain: Chain.empty()
        .add(this.#stage("export"))
        .add(this.#stage("audit"))
        .add(this.#stage("train")),
      clock: this.clock,
      random: {
        fraction: () => this.chance,
        hex: (bytes) => hashText(`${this.clock.now()} ${this.#ids++}`).slice(0, 2 * bytes),
      },
      calendar: calendarNamed("XNYS"),
      warehouse: new Proxy({} as PipelineServices["warehouse"], {
        get: () => {
          throw new Error("these stages use no warehouse");
        },
      }),
      openExecutor: () => Promise.reject(new Error("these stages train nothing")),
      emit: (event) => {
        this.events.push(event);
        this.statuses.push(readStatus(statusFile(this.paths, "nightly")));
      },
      signal: this.stop.signal,
      tidyUp: () => this.tidyUp(),
      beforeStage: () => this.beforeStage(),
    };
  }

  #stage<Name extends "export" | "audit" | "train">(name: Name): Stage<Name, object, Output> {
    const behaviour = this.stages[name];
    let call = 0;
    return {
      name,
      version: behaviour.version,
      output: outputSchema,
      limits: { attempts: behaviour.attempts, deadlineMs: behaviour.deadlineMs },
      fingerprint: async (input) => ({ input, own: behaviour.input }),
      run: async (input, context) => {
        this.calls.push(name);
        call += 1;
        await behaviour.before(context, call);
        const file = this.file(name);
        await writeFile(file, JSON.stringify({ input, own: behaviour.input }));
        const sha256 = await hashFile(file);
        await behaviour.after(file);
        return { path: `${name}.txt`, sha256 };
      },
      outputs: (output) => [output],
      summarize: () => `${name} of ${behaviour.input}`,
    };
  }
}

function readStatus(file: string): RunStatus | undefined {
  try {
    return runStatusSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}
