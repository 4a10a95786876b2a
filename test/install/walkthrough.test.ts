import assert from "node:assert/strict";
import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { parseSchedule } from "../../src/schedule/schedule.ts";
import { nextSlots } from "../../src/schedule/slots.ts";
import { resolvePythonEnvironment } from "../../src/workers/environment.ts";
import { MacBox } from "../rig/mac/box.ts";
import type { Service } from "../rig/mac/launchd.ts";
import { CALM } from "../rig/mac/powerd.ts";
import { pollUntil } from "../rig/processes.ts";
import { QUICK_CONFIG } from "../rig/rig.ts";
import { normalised } from "./walkthrough-text.ts";

const DOCUMENT = path.resolve(import.meta.dirname, "../../docs/operations.md");
const HOME = "/Users/you/oil";
const ZONE = "America/New_York";
const HOUR_MS = 3_600_000;
const CONFIG = QUICK_CONFIG.replace(
  "nightly: { kind: pipeline }",
  "nightly: { kind: pipeline, schedule: ['0 0 * * *'], power: { wake: true } }",
);

void test(
  "the walkthrough in docs/operations.md is what happens on a Mac, as far as it can be imitated",
  { skip: MacBox.unavailable, timeout: 600_000 },
  async () => {
    await using mac = await MacBox.boot({ zone: ZONE });
    const walk = new Walk(mac);
    await walk.prepare();

    walk.says(
      "In the afternoon, in a terminal. What is written is shown whole; here it is cut short.",
    );
    walk.at(-10 * HOUR_MS);
    await walk.types("cbi install --yes");
    await walk.types("pmset -g sched | head -3");
    walk.says("At midnight launchd starts the job, and nobody watches.");
    walk.at(1_000);
    await walk.rings("com.cbi.nightly");
    walk.says("In the morning.");
    walk.at(8 * HOUR_MS);
    await walk.types("cbi status", 2);
    await walk.types("cbi slots");
    walk.says(
      "The next midnight the Mac was off. At seven somebody starts it, and launchd the watchdog.",
    );
    walk.at(31 * HOUR_MS);
    await walk.rings("com.cbi.watchdog", "com.cbi.nightly");
    await walk.types("cat ~/Library/Logs/cbi/com.cbi.watchdog.log");
    await walk.types("cbi slots");
    walk.says("A newer version, from npm.");
    walk.comes("0.2.0");
    await walk.types("cbi upgrade --yes");
    walk.says("And away with it.");
    await walk.types("cbi uninstall --yes");

    const document = readFileSync(DOCUMENT, "utf8");
    const { before, shown, after } = partsOf(document);
    const transcript = `\n\n\`\`\`text\n${walk.transcript}\n\`\`\`\n\n`;
    if (process.env["CBI_WRITE_WALKTHROUGH"] === "1") {
      writeFileSync(DOCUMENT, `${before}${transcript}${after}`);
    } else {
      const message = "to write it anew: CBI_WRITE_WALKTHROUGH=1";
      assert.deepEqual(transcript.split("\n"), shown.split("\n"), message);
    }
  },
);

/** What a person does and sees on an imitated Mac, around the next midnight of the exchange. */
class Walk {
  readonly #mac: MacBox;
  readonly #dueMs: number;
  readonly #python = resolvePythonEnvironment(process.env);
  readonly #lines: string[] = [];

  constructor(mac: MacBox) {
    this.#mac = mac;
    const read = parseSchedule({ zone: ZONE, schedule: ["0 0 * * *"] });
    assert.ok(read.ok);
    const dues = nextSlots(read.schedule, Date.now(), 7).map(({ dueMs }) => dueMs);
    // Two nights between which no clock changes, so that the transcript is the same all year.
    const dueMs = dues.find((one, index) => dues[index + 1] === one + 24 * HOUR_MS);
    assert.ok(dueMs);
    this.#dueMs = dueMs;
  }

  get transcript(): string {
    return normalised(this.#lines, { dueMs: this.#dueMs, python: this.#python.directory });
  }

  /** The home with the demo's prices, and the workers' environment where the user may read it. */
  async prepare(): Promise<void> {
    const { directory, python } = this.#python;
    this.#mac.write(`${HOME}/cbi.yaml`, CONFIG);
    this.#mac.setState("pmset", { ...CALM, zone: ZONE });
    const above = [directory, realpathSync(python)].flatMap(foldersAbove);
    await this.#must(["chmod", "o+x", ...new Set(above)], "root");
    const data = ["prepare", "raw"].map((name) => `/opt/mac/repo/TrainingData/${name}`);
    await this.#must(["mkdir", `${HOME}/TrainingData`, `${HOME}/Logs`]);
    await this.#must(["cp", "-r", ...data, `${HOME}/TrainingData`]);
  }

  says(sentence: string): void {
    this.#lines.push("", `# ${sentence}`);
  }

  /** The Mac's clock, from the midnight on. */
  at(afterMs: number): void {
    this.#mac.shiftClock(this.#dueMs + afterMs - Date.now());
  }

  async types(line: string, status = 0): Promise<void> {
    const environment = { CBI_HOME: HOME, CBI_PYTHON_ENV: this.#python.directory };
    // Into a file, since what goes through a pipe may overtake what goes through another.
    const words = ["sh", "-c", `${line} >said 2>&1; code=$?; cat said; rm said; exit $code`];
    const end = await this.#mac.run(words, { environment });
    this.#lines.push(`$ ${line}`, ...end.stdout.trimEnd().split("\n"));
    assert.equal(end.status, status, `${line}: ${end.stdout}`);
  }

  /** A job's time comes; waits until launchd has seen its end, and that of another that it lets start. */
  async rings(label: string, other = label): Promise<void> {
    const before = [label, other].map((one) => [one, this.#service(one).runs] as const);
    assert.equal((await this.#mac.ring(label)).status, 0);
    for (const [one, runs] of before) {
      await pollUntil(`${one} has ended`, () => {
        const service = this.#service(one);
        return service.runs > runs && service.state === "not running";
      });
    }
  }

  #service(label: string): Service {
    const service = this.#mac.services[label];
    assert.ok(service, label);
    return service;
  }

  comes(version: string): void {
    const file = "/opt/mac/package/package.json";
    const manifest = this.#mac.read(file).replace(/"version":"[^"]+"/, `"version":"${version}"`);
    this.#mac.write(file, manifest, { as: "root" });
  }

  async #must(words: readonly string[], as: "you" | "root" = "you"): Promise<void> {
    const { status, stderr } = await this.#mac.run(words, { as });
    assert.equal(status, 0, stderr);
  }
}

function foldersAbove(file: string): string[] {
  const parent = path.dirname(file);
  return parent === file ? [] : [...foldersAbove(parent), parent];
}

const BEGIN = "<!-- walkthrough: generated by test/install/walkthrough.test.ts -->";
const END = "<!-- walkthrough ends -->";

function partsOf(document: string): { before: string; shown: string; after: string } {
  const [from, to] = [document.indexOf(BEGIN) + BEGIN.length, document.indexOf(END)];
  assert.ok(from >= BEGIN.length && to >= from, "docs/operations.md has the two marks");
  const [before, shown] = [document.slice(0, from), document.slice(from, to)];
  return { before, shown, after: document.slice(to) };
}
