import assert from "node:assert/strict";
import { test } from "node:test";
import { RANDOM_WALK } from "../../../src/evaluation/forecast.ts";
import { aliases, decisionInForce } from "../../../src/ledger/champions.ts";
import { Ledger } from "../../../src/ledger/ledger.ts";
import { homePaths } from "../../../src/system/home.ts";
import { Rig } from "../../rig/rig.ts";
import { nightIn, REPLAY_CONFIG, replayIn } from "./support.ts";

const DAYS = ["2022-02-28", "2022-04-28", "2022-06-29", "2022-08-29", "2022-10-27", "2022-12-28"];

void test("champions follow the decisions night by night, and each night's fit of theirs serves", async (t) => {
  await using rig = await Rig.make(t, REPLAY_CONFIG);
  const folder = rig.file("replayed");
  const range = ["--from", "2022-02-28", "--to", "2022-12-31", "--every", "42"];
  const { exitCode, stderr } = await rig.cbi(["replay", ...range, "--into", folder]);
  assert.equal(exitCode, 0, stderr);
  const nights = await Promise.all(DAYS.map((day) => nightIn(folder, day)));
  using ledger = Ledger.open(homePaths(folder).ledger);
  const replay = await replayIn(folder);

  for (const { horizon, changes, published_by } of replay.horizons) {
    const own = nights.flatMap((night) => night.horizons.filter((one) => one.horizon === horizon));
    assert.equal(own.length, DAYS.length);
    for (const [index, { champion, named, decision }] of own.entries()) {
      const day = DAYS[index] ?? "";
      const before = own[index - 1];
      // Named once, then whoever the night before decided on.
      assert.equal(named !== null, index === 0, day);
      assert.deepEqual(
        decision.previous,
        { spec: champion.spec, algorithm: champion.algorithm },
        day,
      );
      assert.equal(champion.spec, (before?.decision ?? named)?.champion.spec, `${horizon} ${day}`);
      const next = decisionInForce(ledger, horizon, DAYS[index + 1] ?? "2023-12-29");
      assert.equal(next?.spec, decision.champion.spec, `${horizon} ${day}`);
      // A model that serves is that very night's fit; its row is the only champion's.
      const rows = nights[index]?.forecasts.filter((row) => row.horizon === horizon) ?? [];
      const shown = rows.filter((row) => row.model_role === "champion");
      assert.deepEqual(
        shown.map((row) => row.model_version),
        champion.version === null ? [] : [champion.version],
      );
      if (champion.version !== null) assert.ok(champion.version.startsWith(day), champion.version);
      assert.equal(rows.length, 3, "two models and the random walk");
    }
    // The random walk has no new fit each night, so it counts once however long it stays.
    const served = own
      .map(({ champion }) => champion.version ?? RANDOM_WALK)
      .filter((version, index, all) => version !== all[index - 1]);
    const pointed = (name: string): string | undefined => {
      const found = aliases(ledger).find((one) => one.horizon === horizon && one.alias === name);
      return found && (found.version ?? RANDOM_WALK);
    };
    assert.equal(pointed("champion"), served.at(-1));
    assert.equal(pointed("previous"), served.at(-2));

    const expected = own.filter(({ decision }) => decision.outcome !== "kept").length;
    assert.equal(changes.length, expected + 1, "the naming and each decision that was not 'kept'");
    const counts: Record<string, number> = {};
    for (const { champion } of own) {
      counts[champion.algorithm] = (counts[champion.algorithm] ?? 0) + 1;
    }
    assert.deepEqual(published_by, counts);
  }
  const all = replay.horizons.flatMap((horizon) => horizon.changes);
  assert.ok(
    all.some(({ outcome, after }) => outcome !== "named" && after !== RANDOM_WALK),
    "the range holds a promotion, else it tests too little",
  );
});

void test("nights whose data are refused publish nothing, and the replay goes on", async (t) => {
  await using rig = await Rig.make(t, REPLAY_CONFIG);
  const folder = rig.file("young");
  const words = ["replay", "--from", "2021-04-29", "--every", "42", "--into", folder];
  const alone = await rig.cbi([...words, "--to", "2021-04-30", "--json"]);
  assert.equal(alone.exitCode, 65, alone.stderr);

  const end = await rig.cbi([...words, "--to", "2021-06-30"]);
  assert.equal(end.exitCode, 2, end.stderr);
  assert.match(end.stderr, /replay of 2 nights .*, 1 of them done already/);
  const replay = await replayIn(folder);
  assert.deepEqual(
    replay.nights.map(({ as_of, outcome, error }) => [as_of, outcome, error?.code]),
    [
      ["2021-04-29", "refused", "CBI_TOO_LITTLE_DATA"],
      ["2021-06-29", "done", undefined],
    ],
  );
  assert.deepEqual(
    replay.horizons.map(({ nights }) => nights),
    [1, 1],
  );
  assert.match(replay.remarks.join(), /refused their data and published nothing: 2021-04-29\./);
});
