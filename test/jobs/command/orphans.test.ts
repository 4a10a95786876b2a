import assert from "node:assert/strict";
import { test } from "node:test";
import { groupMembers } from "../../../src/system/process-list.ts";
import { Rig } from "../../rig/rig.ts";
import { pollUntil } from "../../rig/processes.ts";

const CONFIG = `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
jobs:
  loop:
    kind: command
    argv: [sh, -c, 'trap "" TERM; echo started >> started; (setsid sleep 1000 &) ; sleep 1000 & wait; sleep 1000']
    grace: 1s
    group: broker
  quick: { kind: command, argv: [sh, -c, 'echo quick'], group: broker }
  alone: { kind: command, argv: [sh, -c, 'echo alone'] }
`;

void test("what a killed run left running is ended before another of its group starts", async (t) => {
  await using rig = await Rig.make(t, CONFIG);
  for (const [index, next] of ["loop", "quick"].entries()) {
    const first = rig.start(["run", "loop", "--json"]);
    await pollUntil("the command runs", async () => {
      const text = await rig.read("started").catch(() => "");
      return text.split("\n").length > index + 1;
    });
    first.kill("SIGKILL");
    await first.ended;
    assert.ok(rig.processes().length >= 2, "the command outlives its run");
    const other = await rig.cbi(["run", "alone", "--json"]);
    assert.equal(other.exitCode, 0);
    assert.ok(rig.processes().length >= 2, "a job that has nothing to do with it leaves it alone");
    if (next === "loop") continue;
    const end = await rig.cbi(["run", "quick", "--json"]);
    assert.equal(end.exitCode, 0);
    const warnings = end.events.at(-1)?.warnings ?? [];
    assert.match(
      warnings.join(),
      /^run \S+ died and left (a process|\d+ processes) running, which had to be/,
    );
    assert.deepEqual(rig.processes(), []);
  }
  const again = await rig.cbi(["run", "quick", "--json"]);
  assert.deepEqual(again.events.at(-1)?.warnings, []);
});

void test("SIGTERM ends the command with the run", async (t) => {
  await using rig = await Rig.make(t, CONFIG);
  const run = rig.start(["run", "loop", "--json"]);
  await pollUntil("the command runs", () =>
    rig.read("started").then(
      () => true,
      () => false,
    ),
  );
  run.kill("SIGTERM");
  const end = await run.ended;
  assert.equal(end.exitCode, 130);
  assert.equal(end.events.at(-1)?.state, "interrupted");
  assert.deepEqual(rig.processes(), [], "also what left the group is gone");
});

void test("elsewhere a group is known by its leader's start, and by its number while it has members", () => {
  const startedMs = Date.parse("Fri Nov 20 08:30:05 2026");
  const descent = { marks: [], leader: 70, startedMs };
  const at = (time: string) => `Fri Nov 20 ${time} 2026`;
  const table: [string[], number[]][] = [
    [
      [`70 70 ${at("08:30:05")}`, `71 70 ${at("08:31:00")}`, `72 1 ${at("08:30:05")}`],
      [70, 71],
    ],
    [[`71 70 ${at("08:31:00")}`], [71]],
    [[`70 70 ${at("09:00:00")}`, `71 70 ${at("09:00:01")}`], []],
    [[`71 70 ${at("08:00:00")}`], []],
    [["", "no such line"], []],
  ];
  for (const [lines, pids] of table)
    assert.deepEqual(groupMembers(lines.join("\n"), descent), pids);
});
