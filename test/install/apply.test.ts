import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { applyPlan, isInPlace, type ApplyWorld } from "../../src/install/apply.ts";
import { mustBeInstallable } from "../../src/install/checks-before.ts";
import { prepareInstall, type Prepared } from "../../src/install/prepare.ts";
import { readRecord } from "../../src/install/record.ts";
import { systemClock } from "../../src/system/clock.ts";
import { undoInstall } from "../../src/install/undo.ts";
import { fakePackage } from "./fake-package.ts";
import { homeAt, makeHome } from "./home-at.ts";

const NEEDS_LINUX = process.platform === "linux" ? false : "needs Linux";
const NOW_MS = Date.UTC(2026, 10, 20, 12);
const OWN_LINES = "MAILTO=me\n5 4 * * * echo 100\\% mine\n\n# the end\n";

void test(
  "an installation in cron adds its lines, and a second one changes nothing",
  { skip: NEEDS_LINUX },
  async () => {
    const machine = new CronMachine();
    writeFileSync(machine.table, OWN_LINES);
    const applied = await machine.install();
    assert.deepEqual(applied?.units, [
      { name: "crontab", isLoaded: true, isEnabled: true, next: undefined },
    ]);
    const table = readFileSync(machine.table, "utf8");
    assert.ok(table.startsWith(OWN_LINES));
    assert.match(table, /^0 \d+(,\d+)* \* \* \* .*\/cron\/nightly$/m);
    assert.equal(await machine.install(), undefined, "in place already");
    assert.equal(readFileSync(machine.table, "utf8"), table);
  },
);

void test(
  "an edit of cbi.yaml changes the lines that it concerns, and removes a job's that is gone",
  { skip: NEEDS_LINUX },
  async () => {
    const machine = new CronMachine();
    await machine.install();
    assert.ok(existsSync(path.join(machine.app, "cron/scan")));
    const config = path.join(machine.root, "cbi.yaml");
    const text = readFileSync(config, "utf8").replace(/^ {2}scan:.*\n/m, "");
    writeFileSync(config, text);
    assert.ok(await machine.install());
    assert.doesNotMatch(readFileSync(machine.table, "utf8"), /scan/);
    assert.ok(!existsSync(path.join(machine.app, "cron/scan")));
  },
);

void test(
  "an uninstallation leaves the crontab and the folders as they were",
  { skip: NEEDS_LINUX },
  async () => {
    const machine = new CronMachine();
    writeFileSync(machine.table, OWN_LINES);
    const before = [...machine.traces()];
    await machine.install();
    writeFileSync(path.join(machine.app, "cron/logs/nightly.log"), "printed");
    await machine.uninstall();
    assert.equal(readFileSync(machine.table, "utf8"), OWN_LINES);
    assert.deepEqual(machine.traces(), before);
    assert.equal(await readRecord(machine.app), undefined);
  },
);

void test("a user without a crontab has none again", { skip: NEEDS_LINUX }, async () => {
  const machine = new CronMachine();
  await machine.install();
  await machine.uninstall();
  assert.ok(!existsSync(machine.table));
});

void test(
  "stopped after any step, the same command goes on, and an uninstallation cleans up",
  { skip: NEEDS_LINUX },
  async () => {
    for (let steps = 0; ; steps++) {
      const machine = new CronMachine();
      writeFileSync(machine.table, OWN_LINES);
      const isStopped = await stops(machine.install(steps));
      if (steps % 2 === 0) {
        await machine.install();
        assert.equal(await machine.install(), undefined, `healed after ${steps} steps`);
      }
      const isStoppedAgain = await stops(machine.uninstall(steps));
      await machine.uninstall();
      assert.equal(readFileSync(machine.table, "utf8"), OWN_LINES, `after ${steps} steps`);
      assert.deepEqual(machine.traces(), [], `after ${steps} steps`);
      if (!isStopped && !isStoppedAgain) break;
    }
  },
);

void test("a crontab with half of our part is left alone", { skip: NEEDS_LINUX }, async () => {
  const machine = new CronMachine();
  const torn = "# cbi begins: /x\n1 2 * * * mine\n";
  writeFileSync(machine.table, torn);
  await assert.rejects(machine.install(), { code: "CBI_CRONTAB" });
  assert.equal(readFileSync(machine.table, "utf8"), torn);
});

void test(
  "what is somebody else's is refused before anything is touched",
  { skip: NEEDS_LINUX },
  async () => {
    const machine = new CronMachine();
    const foreign = path.join(machine.app, "cron/nightly");
    mkdirSync(path.dirname(foreign), { recursive: true });
    writeFileSync(foreign, "mine");
    const prepared = await machine.prepare();
    const refusal = { code: "CBI_FOREIGN_FILE" };
    assert.throws(
      () => mustBeInstallable({ ...prepared, machine: { ...prepared.machine, isRoot: false } }, {}),
      refusal,
    );

    const other = new CronMachine();
    await other.install();
    const second = await prepareInstall({
      home: await homeAt(makeHome()),
      host: "cron",
      scope: "user",
      environment: other.environment,
      nowMs: NOW_MS,
    });
    assert.throws(() => mustBeInstallable(second, {}), { code: "CBI_INSTALLED_OTHERWISE" });
  },
);

void test("jobs of root must be root's alone to write", { skip: NEEDS_LINUX }, async () => {
  const machine = new CronMachine();
  const prepared = await machine.prepare();
  chmodSync(machine.root, 0o777);
  const asRoot: Prepared = { ...prepared, machine: { ...prepared.machine, isRoot: true } };
  assert.throws(() => mustBeInstallable(asRoot, {}), { code: "CBI_ROOT_RUNS_OTHERS" });
});

/** A machine whose cron is a file, with a user's app folder in a temporary place. */
class CronMachine {
  readonly root = makeHome();
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), "cbi-cron-"));
  readonly table = path.join(this.#folder, "table");
  readonly app = path.join(this.#folder, "data", "cbi");
  readonly environment = {
    PATH: `${path.join(this.#folder, "bin")}:/usr/bin:/bin`,
    XDG_DATA_HOME: path.join(this.#folder, "data"),
    TABLE: this.table,
  };

  constructor() {
    const bin = path.join(this.#folder, "bin");
    mkdirSync(bin);
    writeFileSync(path.join(bin, "crontab"), CRONTAB);
    chmodSync(path.join(bin, "crontab"), 0o755);
  }

  async prepare(): Promise<Prepared> {
    const { environment } = this;
    const home = await homeAt(this.root);
    return prepareInstall({ home, host: "cron", scope: "user", environment, nowMs: NOW_MS });
  }

  /** Undefined when everything is in place; interrupted after so many steps. */
  async install(steps = Infinity): ReturnType<typeof applyPlanOrNone> {
    return applyPlanOrNone(await this.prepare(), this.#world(steps));
  }

  async uninstall(steps = Infinity): Promise<void> {
    const record = await readRecord(this.app);
    if (!record) return;
    const world = { ...this.#world(steps), lastly: () => undefined };
    await undoInstall(this.app, record, { keepsData: false, isForced: false }, world);
  }

  /** What of us there is in the app folder. */
  traces(): string[] {
    return existsSync(this.app) ? readdirSync(this.app) : [];
  }

  #world(steps: number): ApplyWorld {
    let left = steps;
    return {
      environment: this.environment,
      signal: new AbortController().signal,
      clock: systemClock,
      source: fakePackage(path.join(this.#folder, "package"), "1.0.0"),
      say: () => {
        if (left-- <= 0) throw new Error("stopped");
      },
    };
  }
}

async function applyPlanOrNone(
  prepared: Prepared,
  world: ApplyWorld,
): Promise<Awaited<ReturnType<typeof applyPlan>> | undefined> {
  return (await isInPlace(prepared, world)) ? undefined : applyPlan(prepared, world);
}

async function stops(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    assert.match(String(error), /stopped/);
    return true;
  }
}

/** As crontab(1) of Debian answers: 1 and a sentence for a user who has none. */
const CRONTAB = `#!/bin/sh
case "$1" in
-l) cat "$TABLE" 2>/dev/null || { echo "no crontab for you" >&2; exit 1; } ;;
-r) rm "$TABLE" ;;
*) cp "$1" "$TABLE" ;;
esac
`;
