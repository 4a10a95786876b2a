import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { parse } from "plist";
import { homeFingerprint, jobFingerprint } from "../../../src/host/fingerprint.ts";
import type { HostedHome } from "../../../src/host/hosted-home.ts";
import { jobPlist, watchdogPlist } from "../../../src/host/launchd/job-plist.ts";
import { launchdFiles, plistText } from "../../../src/host/launchd/launchd-files.ts";
import { hostedHome, hostedJob, knownZone } from "../hosted-home.ts";
import { launchdExamples } from "./examples.ts";
import { nextRing } from "./simulated-launchd.ts";

const HOUR_MS = 3_600_000;

void test("a daemon runs as its user, awake, unthrottled, and with its own Node alone", () => {
  const home = hostedHome();
  const [job] = home.jobs;
  assert.ok(job);
  const plist = jobPlist(home, job);
  assert.equal(plist.Label, "com.cbi.nightly");
  assert.equal(plist.UserName, "you");
  const { node, entry } = home.program;
  const words = ["run", "nightly", "--scheduled", "--home", "/Users/you/cbi"];
  assert.deepEqual(plist.ProgramArguments, ["/usr/bin/caffeinate", "-ims", node, entry, ...words]);
  assert.equal(plist.ProcessType, "Interactive");
  assert.deepEqual(plist.StartCalendarInterval, [
    { Hour: 5, Minute: 0 },
    { Hour: 6, Minute: 0 },
  ]);
  assert.ok(plist.ExitTimeOut >= 60);
});

void test("an agent has no UserName and lies in the user's own library", () => {
  const { files, units } = launchdFiles(hostedHome({ scope: "user" }));
  for (const { path, owner, mode, content } of files) {
    assert.match(path, /^\/Users\/you\/Library\/LaunchAgents\/com\.cbi\.\w+\.plist$/);
    assert.deepEqual([owner, mode], ["user", 0o644]);
    assert.doesNotMatch(content, /UserName/);
  }
  assert.deepEqual(new Set(units.map(({ domain }) => domain)), new Set(["gui"]));
});

void test("what root starts is root's, and no one else may write it", () => {
  const { files, folders, units } = launchdFiles(hostedHome());
  const users = files.filter(({ owner }) => owner !== "root").map(({ path }) => path);
  assert.deepEqual(users, ["/Library/Application Support/cbi/wakes"], "the list of wakes alone");
  for (const { path, mode } of files) {
    assert.match(path, /^\/Library\/(?:LaunchDaemons|Application Support\/cbi)\//);
    assert.equal(mode & 0o022, 0);
  }
  const folder = folders.find(({ path }) => path === "/Library/Application Support/cbi");
  assert.deepEqual([folder?.owner, folder?.mode], ["root", 0o755]);
  assert.ok(units.some(({ name, domain }) => name === "com.cbi.wake" && domain === "system"));
});

void test("nothing of root's is put in place for a home that is not woken, or for one user", () => {
  const sleeping = { power: { wake: false, awake: "ac" } as const };
  const jobs = [hostedJob("nightly", { schedule: ["0 0 * * *"] }, sleeping)];
  for (const home of [hostedHome({ jobs }), hostedHome({ scope: "user" })]) {
    const { files, units } = launchdFiles(home);
    assert.ok(files.every(({ path }) => !path.includes("Application Support/cbi/")));
    assert.ok(units.every(({ name }) => name !== "com.cbi.wake"));
  }
  assert.match(launchdFiles(hostedHome({ scope: "user" })).remarks.join(), /Nothing wakes the Mac/);
});

void test("a job that is kept awake by nobody has no caffeinate", () => {
  const job = hostedJob("scan", { every: "5m" }, { power: { wake: false, awake: "never" } });
  const plist = jobPlist(hostedHome(), job);
  assert.equal(plist.ProgramArguments[0], hostedHome().program.node);
  assert.equal(plist.StartInterval, 60, "too many times of day: asked for every minute");
  assert.equal(plist.StartCalendarInterval, undefined);
});

void test("a service's keeper is started again unless it ends with 0, and told so", () => {
  const service = hostedJob("execute", { schedule: ["40 8 * * *"] }, { isService: true });
  const plist = jobPlist(hostedHome(), service);
  // What launchd.plist(5) calls Crashed leaves SIGKILL out.
  assert.deepEqual(plist.KeepAlive, { SuccessfulExit: false });
  assert.equal(plist.EnvironmentVariables["CBI_KEPT"], "execute");
  assert.ok((plist.StartCalendarInterval ?? []).length > 0, "its slot starts it");
  const unscheduled = { ...service, schedule: { ...service.schedule, times: [] } };
  const idle = jobPlist(hostedHome(), unscheduled);
  assert.deepEqual([idle.StartCalendarInterval, idle.StartInterval], [undefined, undefined]);
  const command = jobPlist(hostedHome(), hostedJob("scan", { schedule: ["40 8 * * *"] }));
  assert.deepEqual(
    [command.KeepAlive, command.EnvironmentVariables["CBI_KEPT"]],
    [undefined, undefined],
  );
  assert.notEqual(
    jobFingerprint(hostedHome(), service),
    jobFingerprint(hostedHome(), { ...service, isService: false }),
  );
});

void test("every program that parses property lists reads the values that were meant", async (t) => {
  const odd = `/Users/you/Preise & "Öl" <WTI>/it's 100% 日本 𝄞`;
  const home = hostedHome({
    root: odd,
    environment: { HOME: odd, PATH: "/a b:/c&d" },
    jobs: [hostedJob("nightly", { schedule: ["0 0 * * 1-5"] }), hostedJob("scan", { every: "1h" })],
  });
  const plists = [...home.jobs.map((job) => jobPlist(home, job)), watchdogPlist(home)];
  for (const plist of plists) {
    const text = plistText(plist);
    const meant: unknown = JSON.parse(JSON.stringify(plist));
    assert.deepEqual(parse(text), meant, "the library's own parser");
    assert.deepEqual(byPlistlib(text), meant, "Python's plistlib");
  }
  await t.test("libplist too", { skip: isThere("plistutil") ? false : "needs plistutil" }, () => {
    for (const plist of plists) {
      const binary = spawnSync("plistutil", ["-i", "-", "-f", "bin"], { input: plistText(plist) });
      assert.equal(binary.status, 0, binary.stderr.toString());
      assert.deepEqual(byPlistlib(binary.stdout), JSON.parse(JSON.stringify(plist)));
    }
  });
});

void test("the fingerprint changes with whatever decides the alarms, and with nothing else", () => {
  const home = hostedHome();
  const [job] = home.jobs;
  assert.ok(job);
  const before = jobFingerprint(home, job);
  assert.equal(jobFingerprint(hostedHome(), job), before);
  const changes: Partial<HostedHome>[] = [
    { zone: knownZone("Asia/Tokyo") },
    { zoneData: "2026b" },
    { version: "0.2.0" },
    { scope: "user" },
    { environment: {} },
  ];
  for (const change of changes) {
    assert.notEqual(jobFingerprint(hostedHome(change), job), before, JSON.stringify(change));
  }
  const edited = hostedJob("nightly", { schedule: ["0 1 * * *"] });
  assert.notEqual(jobFingerprint(home, edited), before);
  assert.notEqual(homeFingerprint(hostedHome({ jobs: [edited] })), homeFingerprint(home));
  const aDayLater = { fromMs: home.fromMs + 86_400_000, throughMs: home.throughMs + 86_400_000 };
  assert.equal(jobFingerprint(hostedHome(aDayLater), job), before, "a day passes");
});

void test("the watchdog rings every hour of every day, over clock changes and journeys", () => {
  const entries = (watchdogPlist(hostedHome()).StartCalendarInterval ?? []).map((one) => ({
    hour: one.Hour,
    minute: one.Minute,
  }));
  assert.equal(entries.length, 24);
  const [from, through] = [Date.UTC(2026, 2, 1), Date.UTC(2026, 11, 1)];
  for (const [home, away] of [
    ["America/New_York", "America/New_York"],
    ["Asia/Tokyo", "America/New_York"],
    ["America/New_York", "Europe/London"],
    ["Europe/London", "Asia/Kolkata"],
  ] as const) {
    // What is armed keeps its instant when the Mac travels; what is armed afterwards is of the new zone.
    const travelMs = Date.UTC(2026, 5, 17, 13, 20);
    const rings = entries.flatMap((entry) => {
      const found = [nextRing(entry, knownZone(home), from, "first")];
      for (let last = found[0] ?? through; last < through; found.push(last)) {
        last = nextRing(entry, knownZone(last < travelMs ? home : away), last, "first");
      }
      return found;
    });
    const sorted = rings.sort((left, right) => left - right);
    const gaps = sorted.map((at, index) => at - (sorted[index - 1] ?? at));
    // In the repeated hour of autumn no entry rings; StartInterval does.
    assert.ok(
      Math.max(...gaps) <= 2 * HOUR_MS,
      `${home} to ${away}: ${Math.max(...gaps) / HOUR_MS} h`,
    );
    const long = gaps.filter((gap) => gap > HOUR_MS).length;
    assert.ok(long <= 1, `${home} to ${away}: ${long} gaps`);
  }
});

void test("a home where macOS lets no scheduled program in is said so", () => {
  const [remark] = launchdFiles(hostedHome({ root: "/Users/you/Documents/cbi" })).remarks;
  assert.match(remark ?? "", /Documents/);
  assert.deepEqual(launchdFiles(hostedHome()).remarks, []);
});

void test("the examples in launchd/ are what the generator says", () => {
  const folder = path.resolve(import.meta.dirname, "../../../launchd");
  const examples = launchdExamples();
  const listed = readdirSync(folder).filter((name) => name !== "README.md");
  assert.deepEqual(listed.sort(), [...examples.keys()].sort());
  for (const [name, text] of examples) {
    const kept = readFileSync(path.join(folder, name), "utf8");
    assert.equal(kept, text, "run: node scripts/generate/launchd-examples.ts");
  }
});

const READ = `
import json, plistlib, sys
print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))
`;

function byPlistlib(text: string | Buffer): unknown {
  const read = spawnSync("python3", ["-c", READ], { input: text, encoding: "utf8" });
  assert.equal(read.status, 0, read.stderr);
  return JSON.parse(read.stdout);
}

function isThere(program: string): boolean {
  return spawnSync(program, ["--version"]).error === undefined;
}
