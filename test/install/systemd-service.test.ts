import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { pollUntil } from "../rig/processes.ts";
import { RealSystemd } from "../rig/real-systemd.ts";
import { BUILT, Installed, NODE } from "./in-systemd.ts";

const OPTIONS = { skip: RealSystemd.unavailable, timeout: 600_000 };
const UNIT = "cbi-loop.service";
const shownSchema = z.tuple([
  z.object({
    state: z.string(),
    slot: z.string().nullable(),
    pid: z.number().nullable(),
    keeper_pid: z.number().nullable(),
    supervisor: z.string().nullable(),
    reason: z.string().nullable(),
  }),
]);

const MIDNIGHT = ", schedule: ['0 0 * * *']";

const config = (keys: string): string => `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
jobs:
  loop: { kind: service, zone: UTC, argv: [sh, loop.sh], grace: 5s${keys} }
`;

/** Writes down that it begins, and after a while that it was told to end. Without its keeper nobody hears it. */
const LOOP = `echo "begins $$" >> lives
trap '' PIPE
trap 'sleep 0.5; echo "ends $$" >> lives; exit 0' TERM
while :; do sleep 0.1; done
`;

/** A home with the service \`loop\`, kept by a real systemd. */
class KeptLoop {
  readonly installed: Installed;

  constructor(installed: Installed) {
    this.installed = installed;
  }

  install(keys: string): void {
    const { installed } = this;
    installed.configure(config(keys));
    installed.write("loop.sh", LOOP);
    installed.cbi("install", "--host", "systemd", "--yes", "--home", installed.home);
  }

  cbi(...words: string[]): string {
    return this.installed.cbi(...words, "--home", this.installed.home);
  }

  shown(): z.infer<typeof shownSchema>[0] {
    return shownSchema.parse(JSON.parse(this.cbi("service", "list", "--json")))[0];
  }

  /** What the service wrote down: \`begins\` and \`ends\` in turn, each with its process's number. */
  lives(): string[] {
    const { installed } = this;
    return installed.run("cat", `${installed.home}/lives`).stdout.split("\n").filter(Boolean);
  }

  unit(property: string): string {
    const shown = this.installed.systemctl("show", "-p", property, UNIT);
    return shown.trim().slice(property.length + 1);
  }

  /** Waits for the begin of so many lives, and holds that each ended before the next began. */
  async untilLife(count: number): Promise<void> {
    const begun = (): string[] => this.lives().filter((line) => line.startsWith("begins"));
    await pollUntil(`life ${count} has begun`, () => begun().length >= count);
    const pids = begun().map((line) => line.slice("begins ".length));
    const meant = pids.flatMap((pid, index) =>
      index === count - 1 ? [`begins ${pid}`] : [`begins ${pid}`, `ends ${pid}`],
    );
    assert.deepEqual(this.lives(), meant, "one after the other, each told to end");
    await pollUntil("it is known to run", () => this.shown().state === "running");
  }

  killKeeper(): void {
    const { keeper_pid: keeper } = this.shown();
    this.installed.must("kill", "-KILL", `${keeper}`);
  }

  async untilInactive(): Promise<void> {
    await pollUntil("the unit is at rest", () =>
      /^(inactive|failed)$/.test(this.unit("ActiveState")),
    );
  }

  /** Lets the timer ring for the slot of the last midnight, as after a night without power. */
  ringMidnight(stamp: string): void {
    const { installed } = this;
    installed.systemctl("stop", "cbi-loop.timer");
    const sinceMs = Date.now() - 36 * 3_600_000;
    const script = `import { DatabaseSync } from "node:sqlite";
      new DatabaseSync(process.argv[1]).exec("UPDATE job SET since_ms = ${sinceMs}, through_ms = ${sinceMs}, next_due_ms = NULL");`;
    const words = ["--input-type=module", "-e", script, `${installed.home}/Logs/ledger.db`];
    installed.must(NODE, ...words);
    installed.must("touch", "-d", "3 days ago", stamp);
    installed.systemctl("start", "cbi-loop.timer");
  }
}

async function startedByHand(loop: KeptLoop): Promise<void> {
  const before = loop.shown();
  assert.deepEqual([before.state, before.supervisor], ["stopped", "systemd"]);
  loop.cbi("service", "start", "loop");
  await loop.untilLife(1);
  const { keeper_pid: keeper, supervisor, slot } = loop.shown();
  assert.deepEqual([`${keeper}`, supervisor, slot], [loop.unit("MainPID"), "systemd", null]);

  loop.killKeeper();
  await loop.untilLife(2);
  assert.equal(loop.unit("NRestarts"), "1", "systemd brought it back");

  loop.cbi("service", "stop", "loop");
  await loop.untilInactive();
  assert.deepEqual([loop.unit("SubState"), loop.unit("Result")], ["dead", "success"]);
  assert.deepEqual([loop.shown().state, loop.lives().length], ["stopped", 4]);
}

async function startedAtItsSlot(loop: KeptLoop, stamp: string): Promise<void> {
  loop.ringMidnight(stamp);
  await loop.untilLife(3);
  const { slot } = loop.shown();
  assert.match(slot ?? "", /T00:00$/);
  loop.killKeeper();
  await loop.untilLife(4);
  assert.equal(loop.shown().slot, slot, "its slot goes on");

  // Stopped by systemd itself: in order, and by the keeper alone.
  loop.installed.systemctl("stop", UNIT);
  assert.equal(loop.lives().at(-1)?.startsWith("ends"), true);
  assert.deepEqual([loop.lives().length, loop.shown().state], [8, "interrupted"]);
  assert.equal(loop.unit("Result"), "success");
  loop.installed.systemctl("start", UNIT);
  await loop.untilLife(5);
  assert.equal(loop.shown().slot, slot);

  loop.cbi("pause", "--stop", "--why", "gateway");
  await loop.untilInactive();
  assert.deepEqual(
    [loop.unit("SubState") === "auto-restart", loop.shown().state],
    [false, "interrupted"],
  );
  loop.cbi("resume");
  loop.cbi("service", "start", "loop");
  await loop.untilLife(6);
  assert.equal(loop.shown().slot, slot);
}

void test(
  "the machine's systemd brings a keeper back, but not after an end in order",
  OPTIONS,
  async () => {
    await using machine = await RealSystemd.boot();
    const loop = new KeptLoop(new Installed(machine));
    loop.install(MIDNIGHT);
    await startedByHand(loop);
    await startedAtItsSlot(loop, "/var/lib/systemd/timers/stamp-cbi-loop.timer");

    // What dies at once is given up after a while, and a person's word is stronger.
    const dropIn = `/etc/systemd/system/${UNIT}.d`;
    loop.cbi("service", "stop", "loop");
    await loop.untilInactive();
    machine.run(["mkdir", dropIn]);
    const broken =
      "[Service]\nRestartSec=100ms\nExecStartPost=\nExecStart=\nExecStart=/bin/sh -c 'kill -9 $$$$'\n";
    machine.run(["sh", "-c", `printf '%s' "$1" > ${dropIn}/broken.conf`, "sh", broken]);
    loop.installed.systemctl("daemon-reload");
    loop.installed.run("systemctl", "start", UNIT);
    await pollUntil("systemd gives up", () => loop.unit("ActiveState") === "failed");
    assert.match(
      loop.installed.systemctl("show", "-p", "ActiveState", "cbi-loop.timer"),
      /=active/,
    );
    machine.run(["rm", "-r", dropIn]);
    loop.installed.systemctl("daemon-reload");
    loop.cbi("service", "start", "loop");
    await loop.untilLife(7);
    loop.cbi("service", "stop", "loop");
    await loop.untilInactive();
  },
);

void test(
  "a user's systemd brings a keeper back until it dies too often, or its time is over",
  OPTIONS,
  async () => {
    await using machine = await RealSystemd.boot();
    const loop = new KeptLoop(await Installed.ofUser(machine, "you"));
    loop.install(MIDNIGHT);
    await startedByHand(loop);
    loop.ringMidnight("/home/you/.local/share/systemd/timers/stamp-cbi-loop.timer");
    for (let death = 1; death <= 5; death++) {
      await loop.untilLife(2 + death);
      loop.killKeeper();
    }
    await pollUntil("its keeper finds nothing due", () => loop.unit("SubState") === "dead");
    assert.equal(loop.unit("Result"), "success");
    assert.match(loop.cbi("slots", "--job", "loop"), /failed.*interrupted in 5 runs/);
    assert.equal(loop.lives().at(-1)?.startsWith("ends"), true, "nothing of it is left");

    // Without a schedule it has a unit and no timer.
    const over = new Date(Date.now() + 80_000).toISOString().slice(11, 16);
    loop.install(`, until: '${over}'`);
    assert.doesNotMatch(loop.installed.systemctl("list-unit-files"), /cbi-loop\.timer/);
    assert.equal(loop.shown().supervisor, "systemd");
    loop.installed.must("rm", `${loop.installed.home}/lives`);
    loop.cbi("service", "start", "loop");
    await loop.untilLife(1);
    loop.killKeeper();
    await loop.untilLife(2);
    await loop.untilInactive();
    assert.deepEqual(
      [loop.unit("SubState"), loop.unit("Result"), loop.lives().length],
      ["dead", "success", 4],
    );
    const last = loop.installed.run(NODE, BUILT, "history", "--home", loop.installed.home).stdout;
    assert.match(last, /done/);
  },
);
