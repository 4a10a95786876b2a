import assert from "node:assert/strict";
import { test } from "node:test";
import { STAGE_NAMES } from "../../src/config/schema.ts";
import type { CbiEnd, SeenEvent } from "../rig/cbi-process.ts";
import { assertIntact, withoutRun } from "../rig/intact.ts";
import { Rig } from "../rig/rig.ts";

interface Death {
  when: string;
  fits: (event: SeenEvent) => boolean;
}

const DEATHS: readonly Death[] = STAGE_NAMES.flatMap((stage): Death[] => [
  stage === "train"
    ? { when: "in train, after two trainings", fits: (e) => isProgress(e) && e.done === 2 }
    : {
        when: `in ${stage}`,
        fits: (event) => event.event === "stage-started" && event.stage === stage,
      },
  {
    when: `after ${stage}`,
    fits: (event) => event.event === "stage-finished" && event.stage === stage,
  },
]);

void test("a night that is killed in every stage and between all of them repeats nothing and doubles nothing", async (t) => {
  await using undisturbed = await Rig.make(t);
  assert.equal((await undisturbed.night()).exitCode, 0);

  await using rig = await Rig.make(t);
  const finished = new Set<string>();
  const kept = new Set<string>();
  for (const { when, fits } of DEATHS) {
    const end = await rig
      .start(["run", "nightly", "--json"])
      .killAt(`the death ${when}`, "SIGKILL", fits);
    assert.equal(end.signal, "SIGKILL", when);
    await rig.untilNoProcess();
    assertNothingRepeated(end, finished, kept, when);
    const { exitCode, status } = await rig.status();
    assert.deepEqual((await rig.statusFile()).run, status.run, when);
    // The last stage's end and the verdict lie so near to each other that the verdict may win.
    if (status.state === "done" && when === "after evaluate") continue;
    assert.equal(exitCode, 1, when);
    assert.equal(status.state, "running", when);
    assert.match(
      status.health?.reasons.join() ?? "",
      /died in mid-run; resume it with: cbi run nightly/,
      when,
    );
  }
  const end = await rig.night();
  assert.equal(end.exitCode, 0);
  assertNothingRepeated(end, finished, kept, "at the end");
  assert.deepEqual(
    end.events.filter((event) => event.event === "stage-finished" && event.reused !== true),
    [],
    "the last run only verified",
  );
  const runs = rig.runs();
  assert.equal(runs.length, DEATHS.length + 1);
  assert.deepEqual(new Set(runs.slice(0, -2).map(({ state }) => state)), new Set(["interrupted"]));
  await assertIntact(rig, end);
  assert.deepEqual(withoutRun(await rig.forecasts()), withoutRun(await undisturbed.forecasts()));
  assert.deepEqual(await rig.models(), await undisturbed.models());
  assert.deepEqual(rig.champions(), undisturbed.champions());
});

void test("a later night that dies after naming its fits moves each champion once and keeps the one before", async (t) => {
  await using rig = await Rig.make(t);
  assert.equal((await rig.night("--as-of", "2025-12-30")).exitCode, 0);
  const [earlier, forecasts] = [rig.champions(), await rig.forecasts()];
  const versions = earlier.aliases.map((alias) => alias.split(" ")[2]);
  for (const stage of ["predict", "upload", "predict"]) {
    await rig
      .start(["run", "nightly", "--json", "--from", stage])
      .killAt(
        `the death after ${stage}`,
        "SIGKILL",
        (event) => event.event === "stage-finished" && event.stage === stage,
      );
    await rig.untilNoProcess();
  }
  const end = await rig.night();
  assert.equal(end.exitCode, 0);
  const { aliases, decisions } = rig.champions();
  assert.equal(aliases.length, 4);
  assert.deepEqual(
    aliases.filter((alias) => alias.includes(" previous ")).map((alias) => alias.split(" ")[2]),
    versions,
  );
  assert.equal(new Set(decisions).size, decisions.length);
  assert.deepEqual(
    decisions.filter((decision) => decision.startsWith("2025-12-30")),
    earlier.decisions,
  );
  const rows = await rig.forecasts();
  assert.deepEqual(
    rows.filter((row) => row.as_of === "2025-12-30"),
    forecasts,
    "what was published the night before stands as it was",
  );
  assert.equal(rows.length, 2 * forecasts.length);
});

/** What was finished or kept before is used again; what is finished or kept now is remembered. */
function assertNothingRepeated(
  end: CbiEnd,
  finished: Set<string>,
  kept: Set<string>,
  when: string,
): void {
  for (const event of end.events) {
    const stage = event.stage ?? "";
    if (event.event === "stage-started") {
      assert.ok(!finished.has(stage), `${when}: ${stage} was finished and is done again`);
    }
    if (event.event === "stage-finished") finished.add(stage);
    if (!isProgress(event)) continue;
    const [training = "", how = ""] = (event.message ?? "").split(" ");
    if (kept.has(training)) assert.equal(how, "kept", `${when}: ${training} is trained again`);
    kept.add(training);
  }
}

function isProgress(event: SeenEvent): boolean {
  return event.event === "stage-progress" && event.stage === "train";
}
