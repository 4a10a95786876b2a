import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Contender, DecisionRequest } from "../../src/evaluation/challenge.ts";
import { decisionSchema, RANDOM_WALK_SPEC } from "../../src/evaluation/decision.ts";
import type { Outcome } from "../../src/evaluation/outcome.ts";
import { priceSeries } from "../../src/evaluation/price-series.ts";
import { countTrials, decideChampion } from "../../src/evaluation/promotion.ts";

const ROWS = 600;

function dayOf(row: number): string {
  return new Date(Date.UTC(2020, 0, 1 + row)).toISOString().slice(0, 10);
}

const series = priceSeries(
  Array.from({ length: ROWS + 300 }, (_none, row) => ({ date: dayOf(row), price: 100 })),
);

/** The move that came at a row: up and down by turns of uneven length. */
function moveAt(row: number): number {
  return 4 * Math.sin(row / 3) + 2 * Math.sin(row / 7.3);
}

/**
 * Outcomes of a forecaster that foresees `share` of each move, and errs besides by up to `noise`.
 * A share above 0 with little noise beats the random walk; below 0 it loses.
 */
function outcomes(share: number, noise = 0, rows = ROWS, blockRows = 150): Outcome[] {
  return Array.from({ length: rows }, (_none, row) => {
    const move = moveAt(row);
    return {
      date: dayOf(row),
      block: Math.floor(row / blockRows),
      priceNow: 100,
      priceActual: 100 + move,
      pricePredicted: 100 + share * move + noise * Math.sin(row * 12.9898),
    };
  });
}

function contender(name: string, outOfFold: Outcome[], live: Outcome[] = []): Contender {
  return { spec: `${name}-spec`, algorithm: name, outOfFold, live, flags: [] };
}

function request(facts: Partial<DecisionRequest>): DecisionRequest {
  return {
    horizonRows: 5,
    series,
    champion: undefined,
    nightsWithoutSkill: 0,
    contenders: [],
    auditErrors: 0,
    intervalLevel: 0.8,
    trials: 2,
    ...facts,
  };
}

/** As good as the random walk but for chance: with a lag it is a little worse, without one a little better. */
function wavering(lag: number): Contender {
  return contender("wavering", outcomes(0.2 - lag, 3));
}

const good = contender("good", outcomes(0.2));
const better = contender("better", outcomes(0.6));
const bad = contender("bad", outcomes(-0.2));
const champion = (one: Contender) => ({ spec: one.spec, algorithm: one.algorithm });

void test("the first night names the best skill above zero", () => {
  const decision = decideChampion(request({ contenders: [good, better, bad] }));
  assert.equal(decision.outcome, "named");
  assert.deepEqual(decision.champion, champion(better));
  assert.equal(decision.previous, null);
  assert.equal(decision.evidence, "strong");
});

void test("the first night names the random walk when no model beats it", () => {
  for (const contenders of [[bad], []]) {
    const decision = decideChampion(request({ contenders }));
    assert.equal(decision.outcome, "named");
    assert.deepEqual(decision.champion, RANDOM_WALK_SPEC);
    assert.match(decision.reasons.join(), /no model beats the random walk/);
  }
});

void test("the night after, the champion that was named is kept on the same rows", () => {
  const contenders = [good, better, bad];
  const named = decideChampion(request({ contenders })).champion;
  const decision = decideChampion(request({ contenders, champion: named }));
  assert.equal(decision.outcome, "kept");
  assert.deepEqual(decision.champion, named);
  assert.equal(decision.challenges.length, 2);
});

void test("a challenger with a significantly lower loss is promoted", () => {
  const decision = decideChampion(
    request({ contenders: [good, better], champion: champion(good) }),
  );
  assert.equal(decision.outcome, "promoted");
  assert.deepEqual(decision.champion, champion(better));
  assert.deepEqual(decision.previous, champion(good));
  assert.ok((decision.challenges[0]?.comparison.p_value ?? 1) < 0.1);
});

void test("a lower loss that may be chance promotes nobody", () => {
  const noisy = contender("noisy", outcomes(0.25, 1.2));
  const decision = decideChampion(request({ contenders: [good, noisy], champion: champion(good) }));
  const [challenge] = decision.challenges;
  assert.ok((challenge?.gain ?? 0) > 0);
  assert.ok((challenge?.comparison.p_value ?? 0) >= 0.1);
  assert.equal(decision.outcome, "kept");
  assert.match(decision.reasons.join(), /may be chance: p = 0\.\d\d/);
});

void test("a champion that is shown to lose to the random walk gives way to it at once", () => {
  const decision = decideChampion(request({ contenders: [bad], champion: champion(bad) }));
  assert.equal(decision.outcome, "demoted_to_random_walk");
  assert.deepEqual(decision.champion, RANDOM_WALK_SPEC);
  assert.equal(decision.evidence, "strong");
  assert.equal(decision.challenges[0]?.against, "bad");
  assert.ok((decision.challenges[0]?.comparison.p_value ?? 1) < 0.1);
  assert.match(decision.reasons.join(), /the random walk is better, p = 0\.0\d\d/);
});

void test("a champion whose loss may be higher by chance stays, four nights in a row and not five", () => {
  const contenders = [wavering(0.02)];
  const outcomesOf = (nights: number) => {
    let nightsWithoutSkill = 0;
    return Array.from({ length: nights }, () => {
      const decision = decideChampion(
        request({ contenders, champion: champion(wavering(0.02)), nightsWithoutSkill }),
      );
      nightsWithoutSkill = decision.nights_without_skill;
      return decision;
    });
  };
  const decisions = outcomesOf(5);
  assert.deepEqual(
    decisions.map(({ outcome, nights_without_skill: nights }) => `${outcome} ${nights}`),
    ["kept 1", "kept 2", "kept 3", "kept 4", "demoted_to_random_walk 0"],
  );
  const [first, last] = [decisions[0], decisions.at(-1)];
  assert.match(
    first?.reasons.join() ?? "",
    /the random walk does not take over: .*chance: p = 0\.\d\d/,
  );
  assert.match(first?.reasons.join() ?? "", /without skill for 1 of 5 nights/);
  assert.match(last?.reasons.join() ?? "", /none for 5 nights in a row/);
  assert.equal(last?.evidence, "weak");
  assert.deepEqual(last?.champion, RANDOM_WALK_SPEC);
});

void test("a night with skill begins the count anew, so a skill that wavers about 0 moves nobody", () => {
  let present = champion(wavering(0));
  let nightsWithoutSkill = 0;
  const outcomesSeen = new Set<string>();
  const skills: number[] = [];
  for (let night = 0; night < 40; night++) {
    const contenders = [wavering(night % 4 === 3 ? -0.02 : 0.02)];
    const decision = decideChampion(request({ contenders, champion: present, nightsWithoutSkill }));
    skills.push(Math.sign(decision.standings[0]?.skill ?? 0));
    outcomesSeen.add(decision.outcome);
    present = decision.champion;
    nightsWithoutSkill = decision.nights_without_skill;
  }
  assert.deepEqual(new Set(skills), new Set([-1, 1]), "the case is what it says");
  assert.deepEqual([...outcomesSeen], ["kept"]);
});

void test("with few independent outcomes the random walk too needs 5 % in two blocks", () => {
  const far = { horizonRows: 126 };
  const little = contender("little", outcomes(-0.02));
  const kept = decideChampion(
    request({ ...far, contenders: [little], champion: champion(little) }),
  );
  assert.equal(kept.outcome, "kept");
  assert.match(kept.reasons.join(), /only 2\.0 % lower, not 5\.0 %/);
  const demoted = decideChampion(request({ ...far, contenders: [bad], champion: champion(bad) }));
  assert.equal(demoted.outcome, "demoted_to_random_walk");
  assert.equal(demoted.evidence, "weak");
  assert.match(demoted.reasons.join(), /better in 4 of 4 blocks; weak evidence/);
});

void test("an audit error neither counts as a night without skill nor forgets those before", () => {
  const decision = decideChampion(
    request({
      contenders: [bad],
      champion: champion(bad),
      nightsWithoutSkill: 3,
      auditErrors: 1,
    }),
  );
  assert.equal(decision.outcome, "kept");
  assert.equal(decision.nights_without_skill, 3);
});

void test("a challenger that beats the random walk takes over from a champion that does not", () => {
  const decision = decideChampion(request({ contenders: [bad, good], champion: champion(bad) }));
  assert.equal(decision.outcome, "promoted");
  assert.deepEqual(decision.champion, champion(good));
  assert.equal(decision.challenges[0]?.against, "random_walk");
});

void test("the random walk stays until a model is significantly better than it", () => {
  const kept = decideChampion(request({ contenders: [bad], champion: RANDOM_WALK_SPEC }));
  assert.equal(kept.outcome, "kept");
  assert.deepEqual(kept.champion, RANDOM_WALK_SPEC);
  const promoted = decideChampion(request({ contenders: [good], champion: RANDOM_WALK_SPEC }));
  assert.equal(promoted.outcome, "promoted");
});

void test("with few independent outcomes 5 % in two blocks is asked, and called weak", () => {
  const far = { horizonRows: 126, champion: champion(good) };
  const little = contender("little", outcomes(0.21));
  const kept = decideChampion(request({ ...far, contenders: [good, little] }));
  assert.equal(kept.outcome, "kept");
  assert.match(kept.reasons.join(), /only 1\.\d % lower, not 5\.0 %/);
  const promoted = decideChampion(request({ ...far, contenders: [good, better] }));
  assert.equal(promoted.outcome, "promoted");
  assert.equal(promoted.evidence, "weak");
  const once = contender("once", outcomes(0.6, 0, ROWS, ROWS));
  const oneBlock = decideChampion(request({ ...far, contenders: [good, once] }));
  assert.equal(oneBlock.outcome, "kept");
  assert.match(oneBlock.reasons.join(), /1 of 1 blocks only/);
});

void test("matured forecasts count once there are ten stretches of them, not before", () => {
  const turned = (rows: number) => ({ ...good, live: outcomes(-0.5, 0, rows, 5) });
  const early = turned(49);
  assert.equal(
    decideChampion(request({ contenders: [early], champion: champion(good) })).outcome,
    "kept",
  );
  const late = turned(50);
  const decision = decideChampion(request({ contenders: [late], champion: champion(good) }));
  assert.equal(decision.outcome, "demoted_to_random_walk");
  assert.equal(decision.standings[0]?.judged_on, "live");
});

void test("a good stretch of matured rows does not promote against a bad out-of-fold record", () => {
  const lucky = { ...bad, live: outcomes(0.6, 0, 60, 5) };
  const decision = decideChampion(request({ contenders: [lucky], champion: RANDOM_WALK_SPEC }));
  assert.equal(decision.outcome, "kept");
  assert.equal(decision.challenges[0]?.judged_on, "live");
  assert.match(decision.challenges[0]?.objections.join() ?? "", /skill on out-of-fold rows/);
  const proven = { ...good, live: outcomes(0.6, 0, 60, 5) };
  const promoted = decideChampion(request({ contenders: [proven], champion: RANDOM_WALK_SPEC }));
  assert.equal(promoted.outcome, "promoted");
});

void test("an audit error lets nothing change", () => {
  const contenders = [good, better];
  const decision = decideChampion(
    request({ contenders, champion: champion(good), auditErrors: 2 }),
  );
  assert.equal(decision.outcome, "kept");
  assert.deepEqual(decision.champion, champion(good));
  assert.match(decision.reasons.join(), /2 errors/);
});

void test("a challenger whose intervals do not hold what they promise is not promoted", () => {
  const loose = { ...better, coverage: { rows: 500, share: 0.55 } };
  const decision = decideChampion(request({ contenders: [good, loose], champion: champion(good) }));
  assert.equal(decision.outcome, "kept");
  assert.match(decision.reasons.join(), /held 55\.0 % of outcomes, not 80\.0 %/);
  const young = { ...better, coverage: { rows: 99, share: 0.55 } };
  const judged = decideChampion(request({ contenders: [good, young], champion: champion(good) }));
  assert.equal(judged.outcome, "promoted");
});

void test("a champion whose spec is no longer trained is replaced as on a first night", () => {
  const gone = { spec: "old-spec", algorithm: "lightgbm_gbdt" };
  const decision = decideChampion(request({ contenders: [good, bad], champion: gone }));
  assert.equal(decision.outcome, "named");
  assert.deepEqual(decision.champion, champion(good));
  assert.deepEqual(decision.previous, gone);
});

void test("every decision is complete, and puts no model without a skill above zero in a place", () => {
  const share = fc.double({ min: -1, max: 1, noNaN: true });
  const noise = fc.double({ min: 0, max: 5, noNaN: true });
  const pick = fc.constantFrom(undefined, 0, 1, 2);
  const horizon = fc.constantFrom(1, 5, 21, 126, 252);
  fc.assert(
    fc.property(fc.tuple(share, share), fc.tuple(noise, noise), pick, horizon, (s, n, who, h) => {
      const contenders = [
        contender("a", outcomes(s[0], n[0])),
        contender("b", outcomes(s[1], n[1])),
      ];
      const present = who === undefined ? undefined : (contenders[who] ?? RANDOM_WALK_SPEC);
      const decision = decideChampion(
        request({
          contenders,
          horizonRows: h,
          champion: present && { spec: present.spec, algorithm: present.algorithm },
        }),
      );
      decisionSchema.parse(decision);
      const standing = decision.standings.find((one) => one.spec === decision.champion.spec);
      const stays = decision.champion.spec === present?.spec;
      const isWaiting = stays && decision.nights_without_skill === 1;
      if (standing !== undefined) assert.equal((standing.skill ?? 0) > 0, !isWaiting);
      assert.equal(decision.outcome === "kept", stays);
    }),
    { numRuns: 60 },
  );
});

void test("trials are counted once for each pair of spec and seed", () => {
  assert.equal(countTrials([]), 0);
  const tried = [
    { spec: "a", seed: 7 },
    { spec: "a", seed: 7 },
    { spec: "a", seed: 8 },
    { spec: "b", seed: 7 },
  ];
  assert.equal(countTrials(tried), 3);
});

const leaky = {
  ...better,
  flags: [{ id: "skill_too_good" as const, message: "too good to be true: a skill of 60 %" }],
};

void test("a record that is too good to be true is not named, and the next best is", () => {
  const decision = decideChampion(request({ contenders: [good, leaky, bad] }));
  assert.deepEqual(decision.champion, champion(good));
  assert.match(decision.reasons.join("\n"), /better is too good to be true: a skill of 60 %/);
  const alone = decideChampion(request({ contenders: [leaky, bad] }));
  assert.deepEqual(alone.champion, RANDOM_WALK_SPEC);
  assert.match(alone.reasons.join("\n"), /no credible model beats the random walk/);
});

void test("a record that is too good to be true is not promoted", () => {
  const decision = decideChampion(request({ contenders: [good, leaky], champion: champion(good) }));
  assert.equal(decision.outcome, "kept");
  assert.match(decision.challenges[0]?.objections.join() ?? "", /too good to be true/);
});

void test("a champion whose record has become too good to be true gives way at once", () => {
  const alone = decideChampion(request({ contenders: [leaky], champion: champion(leaky) }));
  assert.equal(alone.outcome, "demoted_to_random_walk");
  assert.match(alone.reasons.join(), /better is too good to be true/);
  const rival = decideChampion(request({ contenders: [leaky, good], champion: champion(leaky) }));
  assert.equal(rival.outcome, "promoted");
  assert.deepEqual(rival.champion, champion(good));
  assert.equal(rival.challenges[0]?.against, "random_walk");
});
