import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { parse } from "plist";
import { z } from "zod";
import { cbi } from "../cli/support.ts";
import { makeHome } from "./home-at.ts";

const plistSchema = z.object({ EnvironmentVariables: z.record(z.string(), z.string()) });

void test("the watchdog that launchd starts sees that cbi.yaml was edited since", () => {
  const root = makeHome();
  const out = mkdtempSync(path.join(os.tmpdir(), "cbi-render-"));
  const words = ["install", "--dry-run", "--host", "launchd", "--render", out, "--home", root];
  assert.equal(cbi(words).status, 0);
  const file = path.join(out, "Library/LaunchDaemons/com.cbi.watchdog.plist");
  const plist = plistSchema.parse(parse(readFileSync(file, "utf8")));
  // The folders of the list are a Mac's; only what launchd says of itself is taken.
  const { CBI_HOST = "", CBI_HOST_FINGERPRINT = "" } = plist.EnvironmentVariables;
  const environment = { CBI_HOST, CBI_HOST_FINGERPRINT, CBI_STARTS: path.join(out, "starts") };
  const pass = (): string => cbi(["watchdog", "--home", root], { environment }).stdout;
  assert.doesNotMatch(pass(), /launchd/);
  const config = path.join(root, "cbi.yaml");
  writeFileSync(config, readFileSync(config, "utf8").replace("0 0 * * *", "30 0 * * *"));
  assert.match(pass(), /launchd was told of other times/);
});

void test("a host that cannot be told is refused, with how to go on", () => {
  const host = process.platform === "linux" ? "launchd" : "systemd";
  const refused = cbi(["install", "--host", host, "--yes", "--home", makeHome()]);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /this machine has no (launchd|systemd)/);
  assert.match(refused.stderr, /--render DIR; without a scheduler: cbi daemon/);
});
