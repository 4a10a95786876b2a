import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { MacBox } from "../rig/mac/box.ts";
import { pollUntil } from "../rig/processes.ts";

const OPTIONS = { skip: MacBox.unavailable, timeout: 300_000 };
const LABEL = "com.cbi.loop";
const HOME = "/Users/you/oil";
const CONFIG = `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
jobs:
  loop: { kind: service, schedule: ['0 0 * * *'], zone: UTC, argv: [sh, loop.sh], grace: 5s }
`;
const LOOP = `echo "begins $$" >> lives
trap '' PIPE
trap 'sleep 0.5; echo "ends $$" >> lives; exit 0' TERM
while :; do sleep 0.1; done
`;
const shownSchema = z.tuple([
  z.object({
    state: z.string(),
    keeper_pid: z.number().nullable(),
    supervisor: z.string().nullable(),
  }),
]);

void test("launchd brings a keeper back, but not after an end in order", OPTIONS, async () => {
  await using mac = await MacBox.boot();
  const cbi = async (...words: string[]): Promise<string> => {
    const { status, stdout, stderr } = await mac.cbi([...words, "--home", HOME]);
    assert.equal(status, 0, `${words.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  };
  const shown = async (): Promise<z.infer<typeof shownSchema>[0]> =>
    shownSchema.parse(JSON.parse(await cbi("service", "list", "--json")))[0];
  const lives = (): string[] =>
    mac.exists(`${HOME}/lives`) ? mac.read(`${HOME}/lives`).split("\n").filter(Boolean) : [];
  const untilLife = async (count: number): Promise<void> => {
    await pollUntil(`life ${count} has begun`, () => lives().length >= 2 * count - 1);
    const order = lives().map((line) => line.split(" ")[0]);
    assert.deepEqual(
      order,
      order.map((_, index) => (index % 2 === 0 ? "begins" : "ends")),
    );
    await pollUntil("it is known to run", async () => (await shown()).state === "running");
  };
  const untilIdle = async (): Promise<void> =>
    pollUntil("it is at rest", () => mac.services[LABEL]?.state === "not running");

  mac.write(`${HOME}/cbi.yaml`, CONFIG);
  mac.write(`${HOME}/loop.sh`, LOOP);
  await cbi("install", "--user", "--yes");
  // KeepAlive implies RunAtLoad.
  await pollUntil("it was started when loaded", () => mac.services[LABEL]?.runs === 1);
  await untilIdle();
  assert.equal(mac.services[LABEL]?.ended, "last exit code = 0", "nothing is due");

  await cbi("service", "start", "loop");
  await untilLife(1);
  assert.equal((await shown()).supervisor, "launchd");
  const { keeper_pid: keeper } = await shown();
  assert.equal(keeper, mac.services[LABEL]?.pid);
  await mac.run(["kill", "-KILL", `${keeper}`]);
  await untilLife(2);
  assert.equal(mac.services[LABEL]?.reason, "inefficient", "KeepAlive has started it");

  await cbi("service", "stop", "loop");
  await untilIdle();
  assert.deepEqual([mac.services[LABEL]?.ended, lives().length], ["last exit code = 0", 4]);

  // launchd never gives up, so the keeper does: with 0, when the fifth has died.
  await cbi("service", "start", "loop");
  for (let death = 1; death <= 5; death++) {
    await untilLife(2 + death);
    await mac.run(["kill", "-KILL", `${(await shown()).keeper_pid}`]);
  }
  await untilIdle();
  assert.equal(mac.services[LABEL]?.ended, "last exit code = 0");
  assert.equal(lives().length, 14, "what the fifth has left is ended too");

  await cbi("pause", "--why", "gateway");
  const held = await mac.cbi(["service", "start", "loop", "--home", HOME]);
  assert.equal(held.status, 77, held.stderr);
  await untilIdle();
  assert.equal(mac.services[LABEL]?.ended, "last exit code = 0", "held back is no crash");
});
