import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  dueCheck,
  type CatchUpRule,
  type ClaimedSlot,
  type DueFacts,
} from "../../src/schedule/due.ts";
import { parseSchedule, type Schedule } from "../../src/schedule/schedule.ts";
import { slotsBetween } from "../../src/schedule/slots.ts";

const seed = Number(process.env["CBI_TEST_SEED"] ?? Date.now() % 2 ** 31);
const RUNS = { seed, numRuns: 300 };
const MINUTE = 60_000;
const START = Date.parse("2026-03-06T12:00:00Z");
const TEXTS = ["0 0 * * *", "30 2 * * *", "30 1,2 * * *", "*/20 * * * *", "every 45m", "0 9 * * 1"];
const ZONES = ["UTC", "America/New_York", "Australia/Lord_Howe"];

/** What happens to the machine between two looks. */
type Happening =
  | { kind: "pass"; minutes: number }
  | { kind: "look" }
  | { kind: "die" }
  | { kind: "fail" }
  | { kind: "disable" }
  | { kind: "enable" }
  | { kind: "clock"; minutes: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      minutes: fc.integer({ min: 1, max: 3000 }),
    }),
  },
  { weight: 6, arbitrary: fc.constant<Happening>({ kind: "look" }) },
  fc.constant<Happening>({ kind: "die" }),
  fc.constant<Happening>({ kind: "fail" }),
  fc.constant<Happening>({ kind: "disable" }),
  fc.constant<Happening>({ kind: "enable" }),
  fc.record({ kind: fc.constant("clock" as const), minutes: fc.integer({ min: -400, max: 400 }) }),
);

const rule: fc.Arbitrary<CatchUpRule> = fc.record({
  policy: fc.constantFrom("none", "latest", "all"),
  maxAgeMs: fc.option(
    fc.integer({ min: 1, max: 4000 }).map((minutes) => minutes * MINUTE),
    { nil: undefined },
  ),
  maxCount: fc.integer({ min: 1, max: 5 }),
  spacingMs: fc.option(
    fc.integer({ min: 1, max: 300 }).map((minutes) => minutes * MINUTE),
    { nil: undefined },
  ),
});

void test(`every due slot ends in one verdict and none starts twice, whatever happens (seed ${seed})`, () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...TEXTS),
      fc.constantFrom(...ZONES),
      rule,
      fc.array(happening, { minLength: 5, maxLength: 60 }),
      (text, zone, catchUp, happenings) => {
        const model = new Model(scheduleOf(text, zone), catchUp);
        for (const one of happenings) model.apply(one);
        model.comeToRest();
        model.assertEverySlotEnded();
      },
    ),
    RUNS,
  );
});

void test(`any facts give a decision (seed ${seed})`, () => {
  const instant = fc.integer({ min: START - 1e11, max: START + 1e11 });
  fc.assert(
    fc.property(
      fc.record({
        nowMs: instant,
        newestRecordMs: fc.option(instant, { nil: undefined }),
        sinceMs: instant,
        throughMs: instant,
        catchUp: rule,
        caughtUpMs: fc.option(instant, { nil: undefined }),
        claimed: fc.array(
          fc.record({
            name: fc.string(),
            dueMs: instant,
            day: fc.constant("2026-03-06"),
            attempts: fc.nat(9),
            failures: fc.nat(3),
            endedMs: fc.option(instant, { nil: undefined }),
            isRunning: fc.boolean(),
          }),
          { maxLength: 3 },
        ),
      }),
      fc.constantFrom(...TEXTS),
      (facts, text) => {
        const schedule = scheduleOf(text, "America/New_York");
        const decision = dueCheck({ ...facts, schedule, isRecorded: () => false });
        assert.ok(decision.throughMs >= facts.throughMs);
        assert.ok(decision.ends.length < 6000);
        assert.deepEqual(
          dueCheck({ ...facts, schedule, isRecorded: () => false }),
          decision,
          "the same facts give the same decision",
        );
      },
    ),
    RUNS,
  );
});

/** A ledger in a few lines, that keeps the contract of the decision and checks it at every step. */
class Model {
  readonly #schedule: Schedule;
  readonly #catchUp: CatchUpRule;
  readonly #verdicts = new Map<string, string>();
  readonly #ranges: { afterMs: number; throughMs: number }[] = [];
  #claimed: ClaimedSlot | undefined;
  #caughtUpMs: number | undefined;
  #throughMs = START;
  #newestMs = START;
  #restMs = START;
  #nowMs = START;
  #disabled: string | undefined;
  #dies = false;
  #fails = false;

  constructor(schedule: Schedule, catchUp: CatchUpRule) {
    this.#schedule = schedule;
    this.#catchUp = catchUp;
  }

  apply(one: Happening): void {
    switch (one.kind) {
      case "pass":
      case "clock":
        this.#nowMs += one.minutes * MINUTE;
        break;
      case "look":
        this.#look();
        break;
      case "die":
        this.#dies = true;
        this.#look();
        break;
      case "fail":
        this.#fails = true;
        this.#look();
        break;
      case "disable":
        this.#disabled = "by a test";
        break;
      case "enable":
        // Enabling settles what was due while it was disabled, as the road does.
        if (this.#disabled !== undefined) this.#look();
        this.#disabled = undefined;
    }
  }

  /** The clock is right again and the machine stays on: the rest of the slots find their end. */
  comeToRest(): void {
    this.#nowMs = Math.max(this.#nowMs, this.#newestMs);
    this.#disabled = undefined;
    this.#restMs = this.#nowMs;
    for (let count = 0; count < 400; count++) {
      this.#look();
      const isOpen = this.#claimed !== undefined && this.#claimed.dueMs <= this.#restMs;
      if (!isOpen && this.#pendingNames().length === 0) return;
      this.#nowMs += 11 * MINUTE;
    }
    assert.fail(`still open: ${this.#claimed?.name ?? this.#pendingNames().join(", ")}`);
  }

  assertEverySlotEnded(): void {
    for (const slot of slotsBetween(this.#schedule, START, this.#restMs)) {
      const inRanges = this.#ranges.filter(
        ({ afterMs, throughMs }) => slot.dueMs > afterMs && slot.dueMs <= throughMs,
      ).length;
      const own = this.#verdicts.has(slot.name) ? 1 : 0;
      assert.ok(own === 1 || inRanges === 1, `${slot.name} has no verdict`);
    }
  }

  #pendingNames(): string[] {
    const slots = slotsBetween(this.#schedule, this.#throughMs, this.#restMs);
    return [...slots].map(({ name }) => name).filter((name) => !this.#verdicts.has(name));
  }

  #look(): void {
    for (let count = 0; count < 50; count++) {
      const { ends, range, throughMs, next } = dueCheck(this.#facts());
      if (next.step === "hold") return;
      this.#newestMs = Math.max(this.#newestMs, this.#nowMs);
      for (const { name, verdict } of ends) this.#end(name, verdict);
      if (range) this.#ranges.push(range);
      const isStart = next.step === "start";
      this.#throughMs = Math.max(
        this.#throughMs,
        isStart ? Math.min(throughMs, next.slot.dueMs - 1) : throughMs,
      );
      if (next.step !== "start" && next.step !== "resume") return;
      assert.equal(this.#disabled, undefined, "a disabled job starts nothing");
      assert.ok(next.slot.dueMs <= this.#nowMs, "nothing starts before it is due");
      this.#run(next.slot, isStart, next.isCatchUp);
    }
  }

  #run(
    slot: { name: string; dueMs: number; day: string },
    isStart: boolean,
    isCatchUp: boolean,
  ): void {
    if (isStart) {
      assert.equal(this.#claimed, undefined, "nothing starts beside a claimed slot");
      assert.ok(!this.#verdicts.has(slot.name), `${slot.name} starts after its verdict`);
      if (isCatchUp) this.#caughtUpMs = this.#nowMs;
      this.#claimed = { ...slot, attempts: 1, failures: 0, isRunning: false };
    } else {
      assert.equal(this.#claimed?.name, slot.name, "what is resumed was claimed");
      if (this.#claimed) this.#claimed = { ...this.#claimed, attempts: this.#claimed.attempts + 1 };
    }
    this.#nowMs += MINUTE;
    const [dies, fails] = [this.#dies, this.#fails];
    this.#dies = false;
    this.#fails = false;
    if (dies) return;
    if (fails && this.#claimed?.failures === 0) {
      this.#claimed = { ...this.#claimed, failures: 1, endedMs: this.#nowMs };
      return;
    }
    this.#end(slot.name, fails ? "failed" : "done");
  }

  #end(name: string, verdict: string): void {
    assert.ok(!this.#verdicts.has(name), `${name} has two verdicts`);
    this.#verdicts.set(name, verdict);
    if (this.#claimed?.name === name) this.#claimed = undefined;
  }

  #facts(): DueFacts {
    return {
      nowMs: this.#nowMs,
      newestRecordMs: this.#newestMs,
      schedule: this.#schedule,
      sinceMs: START,
      throughMs: this.#throughMs,
      disabled: this.#disabled,
      catchUp: this.#catchUp,
      claimed: this.#claimed ? [this.#claimed] : [],
      isRecorded: (name) => this.#verdicts.has(name) || this.#claimed?.name === name,
      caughtUpMs: this.#caughtUpMs,
    };
  }
}

function scheduleOf(text: string, zone: string): Schedule {
  const parsed = parseSchedule({ schedule: [text], zone });
  assert.ok(parsed.ok);
  return parsed.schedule;
}
