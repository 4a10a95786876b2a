import assert from "node:assert/strict";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { changeOrders, stopFile } from "../../src/guard/kill-switch-file.ts";
import { assertNotKilled, openKillSwitch } from "../../src/guard/open-kill-switch.ts";
import { Failure } from "../../src/system/failure.ts";
import { SkippingClock } from "../rig/skipping-clock.ts";
import { PipelineUnderTest } from "./pipeline-under-test.ts";

const NIGHTLY = { job: "nightly", tags: [] };

void test("a pause lets the stage under way finish, and the next run goes on behind it", async () => {
  await using pipeline = await PipelineUnderTest.make();
  const { paths } = pipeline;
  await mkdir(paths.logs, { recursive: true });
  pipeline.beforeStage = () => assertNotKilled(paths, NIGHTLY, pipeline.clock.now());
  const order = {
    scope: "job" as const,
    name: "nightly",
    mode: "drain" as const,
    reason: "the disk is changed",
    who: "ann",
    sinceMs: pipeline.clock.now(),
    untilMs: undefined,
  };
  pipeline.stages.audit.before = () =>
    changeOrders(paths, pipeline.clock.now(), () => [order], { fromDamage: false });
  const paused = await pipeline.run();
  assert.equal(paused.exitCode, 77);
  assert.equal(paused.status.state, "interrupted");
  assert.match(paused.status.error?.message ?? "", /paused by ann .*: the disk is changed/);
  assert.deepEqual(pipeline.calls, ["export", "audit"]);
  await changeOrders(paths, pipeline.clock.now(), () => [], { fromDamage: false });
  const resumed = await pipeline.run();
  assert.equal(resumed.exitCode, 0);
  assert.deepEqual(pipeline.calls, ["train"]);
});

void test("a stop ends the stage under way", async () => {
  await using pipeline = await PipelineUnderTest.make();
  const { paths } = pipeline;
  const clock = new SkippingClock((ms) => ms === 2_000);
  const { signal } = pipeline.stop;
  using watched = openKillSwitch(paths).watch(NIGHTLY, { clock, signal });
  watched.signal.addEventListener("abort", () => pipeline.stop.abort(watched.signal.reason));
  pipeline.stages.audit.before = async (context) => {
    await writeFile(stopFile(paths), "");
    await new Promise((_resolve, reject) => {
      context.signal.addEventListener("abort", () => reject(new Error("ended in mid-stage")));
    });
  };
  const stopped = await pipeline.run();
  assert.deepEqual([stopped.exitCode, stopped.status.state], [77, "interrupted"]);
  assert.ok(watched.signal.reason instanceof Failure);
  await rm(stopFile(paths));
});
