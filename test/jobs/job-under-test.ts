import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { CommandJob } from "../../src/config/jobs-schema.ts";
import { job } from "../../src/config/jobs-schema.ts";
import type { Home } from "../../src/config/home.ts";
import { commandRunner } from "../../src/jobs/command/command-runner.ts";
import type { Invocation, JobWorld, KillSwitch, RunOutcome } from "../../src/jobs/ports.ts";
import type { RunEvent } from "../../src/pipeline/events.ts";
import { jobLogFile } from "../../src/pipeline/run-files.ts";
import { zoneNamed } from "../../src/schedule/zone.ts";
import type { Clock } from "../../src/system/clock.ts";
import { homePaths, type HomePaths } from "../../src/system/home.ts";
import { processesMarked } from "../rig/processes.ts";
import { SkippingClock } from "../rig/skipping-clock.ts";

const NODE = process.execPath;
const NEW_YORK = zoneNamed("America/New_York");

/** One command job in a home of its own, run as often as a test likes. */
export class JobUnderTest implements AsyncDisposable {
  readonly paths: HomePaths;
  readonly events: RunEvent[] = [];
  readonly stop = new AbortController();
  clock: Clock = new SkippingClock();
  chance = 0.5;
  environment: Record<string, string | undefined>;
  killSwitch: Pick<KillSwitch, "verdict"> = {
    verdict: () => Promise.resolve({ blocked: false }),
  };
  /** Told of each event as it comes. */
  onEvent: (event: RunEvent) => void = () => undefined;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.paths = homePaths(folder);
    this.environment = { PATH: process.env["PATH"], TMPDIR: folder };
  }

  static async make(): Promise<JobUnderTest> {
    return new JobUnderTest(await mkdtemp(path.join(os.tmpdir(), "cbi-job-")));
  }

  /** Runs the job of these settings; `slot` and the like can be laid over. */
  async run(
    settings: Record<string, unknown>,
    rest: Partial<Invocation> = {},
  ): Promise<RunOutcome> {
    this.events.length = 0;
    const invocation = this.invocation(settings, rest);
    return commandRunner(this.killSwitch).run(invocation, this.world());
  }

  invocation(
    settings: Record<string, unknown>,
    rest: Partial<Invocation> = {},
  ): Invocation & { settings: CommandJob } {
    const parsed = job.parse({ kind: "command", ...settings });
    if (parsed.kind !== "command") throw new Error("the job is no command");
    return {
      run: "20261120t133000z-abc123",
      job: "scan",
      // The runner needs a home's paths and jobs alone.
      home: { paths: this.paths, config: { jobs: {} } } as Home,
      zone: zone(),
      slot: {
        name: "2026-11-20T08:30",
        dueMs: Date.parse("2026-11-20T13:30:00Z"),
        day: "2026-11-20",
      },
      trigger: "schedule",
      asOf: "2026-11-19",
      tradingDate: "2026-11-20",
      isCatchUp: false,
      slotAttempt: 1,
      extraArguments: [],
      ...rest,
      settings: parsed,
    };
  }

  world(): JobWorld {
    return {
      clock: this.clock,
      random: { fraction: () => this.chance, hex: (bytes) => "0".repeat(2 * bytes) },
      environment: this.environment,
      emit: (event) => {
        this.events.push(event);
        this.onEvent(event);
      },
      signal: this.stop.signal,
    };
  }

  output(): string[] {
    return this.events.flatMap((event) => (event.event === "output" ? [event.text] : []));
  }

  attempts(): Extract<RunEvent, { event: "attempt-ended" }>[] {
    return this.events.filter((event) => event.event === "attempt-ended");
  }

  async log(): Promise<string> {
    return readFile(jobLogFile(this.paths, "scan", "20261120t133000z-abc123"), "utf8");
  }

  async write(name: string, text: string, mode = 0o644): Promise<string> {
    const file = path.join(this.paths.root, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text, { mode });
    return file;
  }

  /** Living processes of this job. */
  processes(): number[] {
    return processesMarked(this.#folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The words that run a JavaScript text. */
export function script(text: string): string[] {
  return [NODE, "-e", text];
}

export function zone(): NonNullable<typeof NEW_YORK> {
  if (!NEW_YORK) throw new Error("no zone");
  return NEW_YORK;
}
