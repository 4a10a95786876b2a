import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, truncateSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import {
  examine,
  type Check,
  type CheckResult,
  type DoctorWorld,
} from "../../../src/install/doctor/check.ts";
import { CHECKS } from "../../../src/install/doctor/checks.ts";
import { HomeJobs } from "../../../src/jobs/schedules.ts";
import { openIncident } from "../../../src/ledger/incidents.ts";
import { Ledger } from "../../../src/ledger/ledger.ts";
import { insertRun } from "../../../src/ledger/runs.ts";
import { processIdentity } from "../../../src/system/process-identity.ts";
import { cbi } from "../../cli/support.ts";
import { ManualClock } from "../../rig/manual-clock.ts";
import { homeAt, makeHome } from "../home-at.ts";

const NOW = "2026-11-20T12:00:00Z";

/** A home in order; whatever is not is planted by the test. */
async function soundWorld(
  rest: Partial<DoctorWorld> = {},
): Promise<DoctorWorld & { root: string }> {
  const root = makeHome();
  mkdirSync(path.join(root, "TrainingData/raw"), { recursive: true });
  writeFileSync(path.join(root, "TrainingData/raw/wti.csv"), "date,usd_per_barrel\n");
  const home = await homeAt(root);
  return {
    root,
    home,
    jobs: new HomeJobs(home),
    ledger: undefined,
    clock: new ManualClock(NOW),
    environment: { PATH: process.env["PATH"], XDG_DATA_HOME: path.join(root, "data") },
    signal: new AbortController().signal,
    isOffline: false,
    ...rest,
  };
}

async function ask(name: string, world: DoctorWorld): Promise<CheckResult> {
  const check = CHECKS.find((one) => one.name === name);
  assert.ok(check, name);
  const [finding] = await examine([check], world, () => undefined);
  assert.ok(finding);
  return finding;
}

void test("a home in order passes, and what there is none of is skipped", async () => {
  const world = await soundWorld();
  const states = {
    pass: ["Node", "files", "warehouse", "calendars", "clock", "zone", "kill switch", "next slots"],
    skip: ["ledger", "program", "scheduler", "activity"],
  };
  const expected = Object.entries(states).flatMap(([state, names]) =>
    names.map((name) => [name, state] as const),
  );
  for (const [name, state] of expected) {
    const found = await ask(name, world);
    assert.equal(found.state, state, `${name}: ${found.evidence}`);
    assert.ok(found.evidence.length > 0);
  }
});

const OFFENCES: [
  string,
  RegExp,
  "warn" | "fail",
  (world: DoctorWorld & { root: string }) => void,
][] = [
  ["Python", /no Python environment/, "fail", () => undefined],
  [
    "files",
    /everybody may write/,
    "warn",
    ({ root }) => chmodSync(path.join(root, "cbi.yaml"), 0o666),
  ],
  [
    "warehouse",
    /wti is empty/,
    "fail",
    ({ root }) => truncateSync(path.join(root, "TrainingData/raw/wti.csv"), 0),
  ],
  [
    "calendars",
    /XNYS has announced ends on/,
    "warn",
    (world) => {
      world.clock = new ManualClock("2050-01-01T00:00:00Z");
    },
  ],
  [
    "clock",
    /a run was recorded at 2026-11-20T13/,
    "fail",
    (world) => {
      world.ledger = ledgerWithRunAt(Date.parse("2026-11-20T13:00:00Z"));
    },
  ],
  [
    "zone",
    /the system is at \+1234/,
    "warn",
    (world) => {
      world.environment = { PATH: `${fakeDate()}:${process.env["PATH"]}` };
    },
  ],
  ["kill switch", /STOP/, "warn", ({ root }) => writeFileSync(path.join(root, "STOP"), "")],
  [
    "activity",
    /open: the sky falls/,
    "fail",
    (world) => {
      world.ledger = ledgerWithRunAt(Date.parse(NOW));
      const kind = { kind: "host", severity: "fail", isEscalated: false } as const;
      openIncident(
        world.ledger,
        { ...kind, key: "host", job: undefined, message: "the sky falls" },
        0,
      );
    },
  ],
  [
    "logs",
    /2048 MiB/,
    "warn",
    ({ root }) => {
      mkdirSync(path.join(root, "Logs"));
      writeFileSync(path.join(root, "Logs/big.log"), "");
      // A file with a hole takes no room.
      truncateSync(path.join(root, "Logs/big.log"), 2 ** 31);
    },
  ],
];

for (const [name, says, state, plant] of OFFENCES) {
  void test(`${name} that is not in order is found, with what helps`, async () => {
    const world = await soundWorld();
    plant(world);
    using ledger = world.ledger;
    void ledger;
    const found = await ask(name, world);
    assert.match(found.evidence, says);
    assert.equal(found.state, state);
    assert.ok(found.remedy);
  });
}

void test("a check that breaks has failed, and the others are made all the same", async () => {
  const broken: Check = { name: "broken", run: () => Promise.reject(new Error("no such luck")) };
  const after: Check = {
    name: "after",
    run: () => Promise.resolve({ state: "pass", evidence: "ok" }),
  };
  const found = await examine([broken, after], await soundWorld(), () => undefined);
  assert.deepEqual(found, [
    { name: "broken", state: "fail", evidence: "no such luck" },
    { name: "after", state: "pass", evidence: "ok" },
  ]);
});

void test("cbi doctor ends with what it found, and changes nothing", async () => {
  const { root } = await soundWorld();
  const environment = { HOME: root };
  const json = cbi(["doctor", "--home", root, "--json"], { environment });
  const { verdict, checks } = JSON.parse(json.stdout) as { verdict: string; checks: object[] };
  assert.deepEqual([json.status, verdict, checks.length], [1, "fail", CHECKS.length]);
  const shown = cbi(["doctor", "--home", root], { environment }).stdout;
  assert.match(shown, /^fail {2}Python {7}there is no Python environment/m);
  assert.match(shown, /^ {19}Run: cbi setup$/m);
});

function ledgerWithRunAt(startedMs: number): Ledger {
  const ledger = Ledger.open(":memory:");
  const rest = { slot: undefined, trigger: "person", state: "done", asOf: undefined } as const;
  const end = { exitCode: 0, error: undefined, warnings: [] };
  const facts = { version: "0", configHash: "h", owner: processIdentity(), ...end };
  insertRun(
    ledger,
    { id: "r", job: "nightly", ...rest, startedMs, endedMs: startedMs, ...facts },
    [],
  );
  return ledger;
}

function fakeDate(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-date-"));
  writeFileSync(path.join(folder, "date"), "#!/bin/sh\necho +1234\n");
  chmodSync(path.join(folder, "date"), 0o755);
  return folder;
}
