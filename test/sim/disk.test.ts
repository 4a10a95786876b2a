import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { ownNode } from "./own-node.ts";
import type { Part } from "./swarm.ts";

ownNode();
const { HOME } = await import("./home/config.ts");
const { Nights } = await import("./nights.ts");

const HOUR_MS = 3_600_000;

/** Beside the ledger and what each run leaves: everything that these roads write, relative to the home. */
const WRITTEN = [
  "Logs/kill-switch.json",
  "Logs/ledger.db",
  "Logs/locks/trade.lock",
  "Logs/nightly/last_run_status.json",
  "Logs/trade/running.json",
  "Logs/trade/service-answer.json",
  "Logs/trade/service-request.json",
  "Logs/trade/service-wanted.json",
  "Logs/watchdog.heartbeat.json",
  "Logs/watchdog.silence.json",
];
const OF_DAEMON = [
  "Logs/daemon.heartbeat.json",
  "Logs/daemon.lock",
  "Logs/trade/service-errors.log",
];

/** Every name under which something was written in two nights with a person's words. */
async function namesOf(seed: number, parts: Part[]): Promise<Set<string>> {
  const nights = new Nights(seed, {
    nights: 2,
    peaceMs: 0,
    swarm: { parts: new Set(parts), faults: new Set(), watchdogHours: [0] },
  });
  const names = new Set<string>();
  const { mac, cbi } = nights;
  const open = mac.disk.open.bind(mac.disk);
  const rename = mac.disk.rename.bind(mac.disk);
  mac.disk.open = (name, ...rest) => {
    names.add(path.relative(HOME, name));
    return open(name, ...rest);
  };
  mac.disk.rename = (from, to) => {
    names.add(path.relative(HOME, to));
    rename(from, to);
  };
  const words = ["start", "restart", "stop"] as const;
  for (const [index, word] of words.entries()) {
    mac.at(mac.trueMs + HOUR_MS + index * 60_000, () => {
      mac.start(`cbi service ${word}`, (process) => cbi.service(process, word));
    });
  }
  mac.at(mac.trueMs + 2 * HOUR_MS, () => {
    const order = { scope: "job", name: "trade", mode: "stop", untilMs: mac.wallMs } as const;
    const rest = { reason: "simulated", who: "ann" };
    mac.start("cbi pause", (process) => cbi.pause(process, { ...order, ...rest }));
  });
  const { violations } = await nights.run();
  assert.deepEqual(violations, []);
  return names;
}

void test("everything that services, requests, pauses and heartbeats write lies on the simulated disk", async () => {
  const written = await namesOf(1, ["service"]);
  const served = await namesOf(2, ["service", "daemon"]);
  const missing = WRITTEN.filter((name) => !written.has(name));
  missing.push(...OF_DAEMON.filter((name) => !served.has(name)));
  assert.deepEqual(missing, []);
  // Nothing has gone past it to the disk of this very machine.
  for (const name of ["Logs", "state", "cbi.yaml", "Made"]) {
    assert.ok(!existsSync(path.join(HOME, name)), name);
  }
});
