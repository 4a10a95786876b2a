import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { claimStarts, requestStart } from "../../../src/host/launchd/starts.ts";
import { cbi } from "../../cli/support.ts";

const MINUTE_MS = 60_000;

void test("a request lies in the job's folder until the start takes it away", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-starts-"));
  assert.equal(await claimStarts(folder, "nightly"), 0, "no folder, no request");
  const nowMs = Date.now();
  assert.equal(await requestStart(folder, "nightly", nowMs), true);
  assert.equal(await requestStart(folder, "nightly", nowMs), true, "asked twice is asked once");
  assert.deepEqual(readdirSync(path.join(folder, "nightly")), ["request"]);
  assert.equal(await claimStarts(folder, "nightly"), 1);
  assert.deepEqual(readdirSync(path.join(folder, "nightly")), []);
});

void test("a request that nobody hears is said to be unheard", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-starts-"));
  const nowMs = Date.now();
  await requestStart(folder, "nightly", nowMs);
  const file = path.join(folder, "nightly", "request");
  utimesSync(file, new Date(nowMs - 60 * MINUTE_MS), new Date(nowMs - 60 * MINUTE_MS));
  assert.equal(await requestStart(folder, "nightly", nowMs), false);
});

void test("a scheduled start takes its requests away even when nothing else works", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-starts-"));
  mkdirSync(path.join(folder, "nightly"));
  const request = path.join(folder, "nightly", "request");
  writeFileSync(request, "");
  const environment = { CBI_HOST: "launchd", CBI_STARTS: folder };
  const gone = path.join(folder, "no-home");
  const words = ["run", "nightly", "--scheduled", "--home", gone];
  assert.equal(cbi(words, { environment }).status, 78);
  assert.ok(!existsSync(request), "or launchd would start it again and again");
});
