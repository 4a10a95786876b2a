import assert from "node:assert/strict";
import { utimesSync, writeFileSync } from "node:fs";
import { rm, utimes, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { pollUntil } from "../../rig/processes.ts";
import { isDelay, ServiceUnderTest } from "./service-under-test.ts";

const HOUR = 3_600_000;
/** Says that it is there, obeys TERM in its own words, and would stay for ever. */
const STAYS = `
process.on("SIGTERM", () => { console.log("tidy"); process.exit(0); });
console.log("here", process.env.CBI_ATTEMPT, process.env.CBI_SLOT);
setInterval(() => undefined, 1000);`;

void test("a service starts at its slot, stays, and is ended in good order when its time is over", async () => {
  await using under = await ServiceUnderTest.make("until: close+5m", STAYS);
  const ran = under.scheduled();
  await under.untilSaid("here");
  assert.equal(under.processes().length, 1);
  assert.deepEqual(under.lives(), ["lives"]);
  under.clock.advance(7.5 * HOUR);
  const end = await ran;
  assert.deepEqual([end.exitCode, under.slots()], [0, ["2026-11-20T08:40 done"]]);
  assert.deepEqual(under.output(), ["here 1 2026-11-20T08:40", "tidy"]);
  assert.deepEqual(under.lives(), ["its time was over"]);
  assert.deepEqual(under.processes(), []);
});

void test("its next slot ends it and starts it anew, with a run and gates of its own", async () => {
  await using under = await ServiceUnderTest.make("until: never", STAYS);
  const ran = under.scheduled();
  await under.untilSaid("here 1 2026-11-20T08:40");
  under.clock.advance(3 * 24 * HOUR);
  await under.untilSaid("here 1 2026-11-23T08:40");
  assert.equal(under.processes().length, 1);
  assert.deepEqual(under.slots(), [
    "2026-11-20T08:40 done: 2026-11-23T08:40 was due",
    "2026-11-23T08:40 claimed",
  ]);
  under.stop.abort(new Error("enough"));
  await ran;
  assert.deepEqual(under.processes(), []);
});

void test("a crash is followed by a restart after a growing delay, and the lives are kept", async () => {
  await using under = await ServiceUnderTest.make(
    "until: close+5m, restart: { delay: 10s, max_delay: 25s }",
    `console.log("here", process.env.CBI_ATTEMPT);
     if (Number(process.env.CBI_ATTEMPT) < 5) process.exit(3);
     setInterval(() => undefined, 1000);`,
  );
  const ran = under.scheduled();
  await under.untilSaid("here 5");
  assert.deepEqual(under.delaysSeconds(), [10, 20, 25, 25]);
  assert.deepEqual(under.lives(), [...Array<string>(4).fill("it ended with exit code 3"), "lives"]);
  under.clock.advance(8 * HOUR);
  await ran;
  assert.deepEqual(under.slots(), ["2026-11-20T08:40 done"]);
});

void test("a storm of crashes ends as a failure that says what it said last", async () => {
  await using under = await ServiceUnderTest.make(
    "restart: { max: 2 }",
    `console.log("no gateway"); process.exit(1);`,
  );
  const end = await under.scheduled();
  assert.equal(end.exitCode, 1);
  assert.deepEqual(under.slots(), [
    "2026-11-20T08:40 failed: it ended with exit code 1, after 2 restarts within 10 min; its last words: no gateway",
  ]);
  assert.equal(under.lives().length, 3);
  assert.equal(under.runs()[0]?.error?.code, "CBI_SERVICE_STORM");
  assert.deepEqual((await under.scheduled()).slots, [], "a storm is a person's affair");
});

void test("an exit code that forbids it is followed by no restart, and 0 among them is a good end", async () => {
  await using refused = await ServiceUnderTest.make("until: close", "process.exit(78);");
  await refused.scheduled();
  assert.match(refused.slots()[0] ?? "", /failed: it ended with exit code 78, after which/);
  assert.equal(refused.lives().length, 1);
  await using content = await ServiceUnderTest.make("restart: { never_on: [0] }", "");
  await content.scheduled();
  assert.deepEqual(content.slots(), ["2026-11-20T08:40 done: it ended with exit code 0"]);
});

void test("a heartbeat that stands still is a hang: the group is killed and started again", async () => {
  await using under = await ServiceUnderTest.make(
    "until: close, heartbeat: { path: state/beat, max_age: 2m }",
    // The first life beats twice and then only talks, deaf to TERM; the second beats on.
    `import { mkdirSync, writeFileSync } from "node:fs";
     mkdirSync("state", { recursive: true });
     process.on("SIGTERM", () => undefined);
     const isSecond = process.env.CBI_ATTEMPT === "2";
     let count = 0;
     setInterval(() => {
       if (isSecond || count++ < 2) writeFileSync("state/beat", String(process.hrtime.bigint()));
       if (count > 2) console.log("talks on");
       if (isSecond) console.log("beats on");
     }, isSecond ? 20 : 100);`,
  );
  let isHanging = false;
  under.isSkipped = (ms) => isDelay(ms) || (isHanging && ms === 1_000);
  const ran = under.scheduled();
  await under.untilSaid("talks on");
  isHanging = true;
  await pollUntil("it was ended", () => {
    if (under.delaysSeconds().length > 0) isHanging = false;
    return !isHanging;
  });
  await under.untilSaid("beats on");
  assert.deepEqual(under.lives(), ["it hung: its heartbeat stood still for 2 min", "lives"]);
  assert.equal(under.processes().length, 1);
  under.clock.advance(8 * HOUR);
  await ran;
  assert.match(under.slots()[0] ?? "", /done$/);
});

void test("silence is a hang where the job says so", async () => {
  await using under = await ServiceUnderTest.make(
    "until: close, silence: 3m, restart: { max: 0 }",
    STAYS,
  );
  let isHanging = false;
  under.isSkipped = (ms) => isHanging && ms === 1_000;
  const ran = under.scheduled();
  await under.untilSaid("here");
  isHanging = true;
  await ran;
  assert.match(
    under.slots()[0] ?? "",
    /failed: it hung: it printed nothing for 3 min, and it is not restarted/,
  );
  assert.deepEqual(under.processes(), []);
});

void test("time that the machine slept through is no silence", async () => {
  await using under = await ServiceUnderTest.make("until: close, silence: 3m", STAYS);
  const ran = under.scheduled();
  await under.untilSaid("here");
  for (let nap = 0; nap < 3; nap++) {
    under.clock.advance(HOUR);
    const beforeMs = under.clock.monotonic();
    await pollUntil("it was looked at", () => under.clock.monotonic() - beforeMs > 1_200);
  }
  assert.deepEqual(under.lives(), ["lives"]);
  under.stop.abort(new Error("enough"));
  await ran;
});

void test("a start too late, and a day without a session, are skipped with the reason", async () => {
  await using late = await ServiceUnderTest.make("until: close", STAYS);
  late.clock.advance(10 * HOUR);
  await late.scheduled();
  assert.deepEqual(late.slots(), [
    "2026-11-20T08:40 skipped: its end had passed: close, which was 2026-11-20T21:00:00Z",
  ]);
  assert.deepEqual(late.output(), []);
});

void test("a paused service is not restarted, goes on when resumed, and its time still counts", async () => {
  await using under = await ServiceUnderTest.make(
    "until: close",
    `console.log("here", process.env.CBI_ATTEMPT);
     if (process.env.CBI_ATTEMPT === "1") process.exit(1);
     setInterval(() => undefined, 1000);`,
  );
  under.isSkipped = (ms) => {
    if (!isDelay(ms)) return false;
    under.pause("drain");
    return true;
  };
  const first = await under.scheduled();
  assert.equal(first.exitCode, 130);
  assert.match(
    under.runs()[0]?.error?.message ?? "",
    /exit code 1; .*; no restart: everything is paused by ann/,
  );
  assert.deepEqual(under.slots(), ["2026-11-20T08:40 claimed: interrupted"]);
  await under.scheduled();
  assert.equal(under.runs().length, 1, "while paused nothing starts");
  under.pause(undefined);
  const ran = under.scheduled();
  await under.untilSaid("here 2");
  under.clock.advance(8 * HOUR);
  await ran;
  assert.deepEqual(under.slots(), ["2026-11-20T08:40 done"]);
});

void test("a kill switch that stops ends a service, and one that drains lets it be", async () => {
  await using under = await ServiceUnderTest.make("until: close", STAYS);
  under.isSkipped = (ms) => ms === 2_000;
  const ran = under.scheduled();
  await under.untilSaid("here");
  under.pause("drain");
  under.clock.advance(60_000);
  assert.deepEqual(under.lives(), ["lives"]);
  under.pause("stop");
  assert.equal((await ran).exitCode, 130);
  assert.deepEqual(under.output().slice(1), ["tidy"]);
  assert.match(under.lives()[0] ?? "", /^everything is stopped by ann since .*: gateway$/);
  assert.deepEqual(under.slots(), ["2026-11-20T08:40 claimed: interrupted"]);
});

void test("a keeper waits until time may have healed what kept a restart", async () => {
  await using under = await ServiceUnderTest.make(
    "until: close, gates: [{ command: [test, -e, list.csv] }]",
    `import { rmSync } from "node:fs";
     if (process.env.CBI_ATTEMPT === "1") { rmSync("list.csv"); process.exit(1); }
     console.log("here again"); setInterval(() => undefined, 1000);`,
  );
  await writeFile(under.file("list.csv"), "a\n");
  let looks = 0;
  under.isSkipped = (ms) => {
    // The keeper's own waits of ten seconds: the list comes while it does.
    if (ms === 10_000 && ++looks === 5) writeFileSync(under.file("list.csv"), "a\n");
    return isDelay(ms);
  };
  const ran = under.kept();
  await under.untilSaid("here again");
  assert.ok(looks >= 59, `${looks} looks within ten minutes`);
  assert.match(under.slots()[0] ?? "", /^2026-11-20T08:40 claimed: .* not restarted: gate command/);
  under.clock.advance(8 * HOUR);
  assert.equal((await ran).exitCode, 0);
  assert.deepEqual(under.slots(), ["2026-11-20T08:40 done"]);
});

void test("a gate that holds forbids a restart too", async () => {
  await using under = await ServiceUnderTest.make(
    "until: close, gates: [{ fresh: list.csv, max_age: 1h }]",
    `import { rmSync } from "node:fs"; rmSync("list.csv"); process.exit(1);`,
  );
  await writeFile(under.file("list.csv"), "a\n");
  const now = new Date(under.clock.now());
  await utimes(under.file("list.csv"), now, now);
  await under.scheduled();
  assert.equal(under.lives().length, 1);
  assert.match(under.runs()[0]?.error?.message ?? "", /it is not restarted: gate fresh/);
});

void test("a pause that comes while a restart waits for a gate holds it", async () => {
  await using under = await ServiceUnderTest.make(
    "until: close, gates: [{ fresh: list.csv, max_age: 1h, wait: 10m }]",
    `import { rmSync } from "node:fs"; rmSync("list.csv"); process.exit(1);`,
  );
  const list = (): void => {
    const now = new Date(under.clock.now());
    writeFileSync(under.file("list.csv"), "a\n");
    utimesSync(under.file("list.csv"), now, now);
  };
  list();
  under.isSkipped = (ms) => {
    if (ms !== 60_000) return isDelay(ms);
    under.pause("drain");
    list();
    return true;
  };
  await under.scheduled();
  assert.equal(under.lives().length, 1);
  assert.match(under.runs()[0]?.error?.message ?? "", /no restart: everything is paused by ann/);
});

void test("a program that is not there is a failure at once", async () => {
  await using under = await ServiceUnderTest.make("cwd: nowhere", STAYS);
  await under.scheduled();
  assert.match(under.slots()[0] ?? "", /failed: it could not be started: there is no working dir/);
});

void test("a keeper whose lock was taken from under it gives up, and one process is left", async () => {
  await using under = await ServiceUnderTest.make("until: close", STAYS);
  const first = under.scheduled();
  await under.untilSaid("here 1");
  const [pid] = under.processes();
  await rm(under.file("Logs/locks/loop.lock"));
  await under.scheduled();
  assert.deepEqual(under.processes(), [pid], "the schedule knows that its run is alive");
  const second = under.byPerson();
  await under.untilSaid("here", 2);
  await first;
  assert.equal(under.processes().length, 1);
  assert.notEqual(under.processes()[0], pid);
  assert.deepEqual(
    under.runs().map(({ state }) => state),
    ["interrupted", "running"],
  );
  under.clock.advance(8 * HOUR);
  await second;
  assert.deepEqual(under.processes(), []);
});

void test("a service whose job has left cbi.yaml is ended within a minute", async () => {
  await using under = await ServiceUnderTest.make("until: close", STAYS);
  let isPassing = false;
  under.isSkipped = (ms) => isPassing && ms === 1_000;
  const ran = under.scheduled();
  await under.untilSaid("here");
  under.without("loop");
  isPassing = true;
  await ran;
  assert.deepEqual(under.processes(), []);
  assert.match(under.slots()[0] ?? "", /failed: interrupted; the job was removed from cbi.yaml/);
  assert.equal(under.runs()[0]?.error?.code, "CBI_RUN_LOST");
});

void test("a service that babbles for ever keeps a small log, the newest of it", async () => {
  await using under = await ServiceUnderTest.make(
    "until: close, log_megabytes: 1",
    `for (let line = 0; line < 30_000; line++) console.log("line", line, "x".repeat(50));
     console.log("all said");
     setInterval(() => undefined, 1000);`,
  );
  const ran = under.scheduled();
  await under.untilSaid("all said");
  const [run] = under.runs();
  const parts = await Promise.all(
    [`${run?.id}.older.log`, `${run?.id}.log`].map((name) => under.read(`Logs/loop/${name}`)),
  );
  assert.ok(parts.join("").length <= 1_000_000);
  assert.match(parts.join(""), /line 29999 /);
  under.stop.abort(new Error("enough"));
  await ran;
});
