import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { jobPlist } from "../../../src/host/launchd/job-plist.ts";
import { plistText } from "../../../src/host/launchd/launchd-files.ts";
import { nextRing } from "../../../src/host/launchd/next-ring.ts";
import { parsePrinted } from "../../../src/host/launchd/print-text.ts";
import { differences, readTold } from "../../../src/host/launchd/told.ts";
import { plistSchema, type Service } from "../../rig/mac/launchd.ts";
import { printText } from "../../rig/mac/launchd-text.ts";
import { hostedHome, hostedJob, knownZone } from "../hosted-home.ts";

/** As macOS 26 prints an agent with one calendar time; the last argument is empty. */
const PRINTED = `gui/501/com.x.retention = {
	active count = 0
	path = /Users/you/Library/LaunchAgents/com.x.retention.plist
	type = LaunchAgent
	state = not running

	program = /bin/bash
	arguments = {
		/bin/bash
		/Users/you/snapshot manager.sh
		
	}

	working directory = /Users/you
	environment = {
		program => /wrong
		XPC_SERVICE_NAME => com.x.retention
	}

	domain = gui/501 [100003]
	asid = 100003
	runs = 4
	last exit code = 0

	event triggers = {
		com.x.retention.268435470 => {
			keepalive = 0
			service = com.x.retention
			stream = com.apple.launchd.calendarinterval
			monitor = com.apple.UserEventAgent-Aqua
			descriptor = {
				"Minute" => 0
				"Hour" => 2
			}
		}
		com.x.retention.268435471 => {
			keepalive = 0
			service = com.x.retention
			stream = com.apple.launchd.calendarinterval
			monitor = com.apple.UserEventAgent-Aqua
			descriptor = {
				"Minute" => 30
				"Hour" => 8
				"Weekday" => 1
			}
		}
	}

	spawn type = daemon (3)
}
`;

void test("what launchd prints is read: program, words, user, times and the last end", () => {
  assert.deepEqual(parsePrinted(PRINTED), {
    path: "/Users/you/Library/LaunchAgents/com.x.retention.plist",
    state: "not running",
    pid: undefined,
    program: "/bin/bash",
    arguments: ["/bin/bash", "/Users/you/snapshot manager.sh", ""],
    username: undefined,
    calendar: [
      { Minute: 0, Hour: 2 },
      { Minute: 30, Hour: 8, Weekday: 1 },
    ],
    lastEnd: "0",
    exitSeconds: undefined,
  });
  const daemon = PRINTED.replace("asid = 100003", "username = you\n\tgroup = staff").replace(
    "last exit code = 0",
    "last terminating signal = Killed: 9",
  );
  const { username, lastEnd } = parsePrinted(daemon);
  assert.deepEqual([username, lastEnd], ["you", "Killed: 9"]);
});

void test("what launchd has otherwise than it was told is named", async () => {
  const home = hostedHome();
  const job = hostedJob("nightly", { schedule: ["0 0 * * *", "30 8 * * 1"] });
  const list = jobPlist(home, job);
  const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-told-"));
  const file = path.join(folder, "com.cbi.nightly.plist");
  writeFileSync(file, plistText(list));
  const told = await readTold(file);
  assert.ok(told);
  const printed = (change: object) => {
    const plist = plistSchema.parse({ ...list, ...change });
    const facts = { domain: "system", path: file, plist, state: "not running", runs: 0 } as const;
    const service: Service = { ...facts, ended: "last exit code = (never exited)" };
    const world = {
      overrides: {},
      services: {},
      sessions: [],
      bootoutMs: 0,
      secondMs: 1,
      isQuiet: false,
    };
    return parsePrinted(printText("com.cbi.nightly", service, { ...world, dialect: "macos26" }));
  };
  assert.deepEqual(differences(printed({}), told), []);
  const backwards = { StartCalendarInterval: list.StartCalendarInterval?.toReversed() };
  assert.deepEqual(differences(printed(backwards), told), [], "their order says nothing");
  assert.deepEqual(differences(printed({ UserName: undefined }), told), ["user"]);
  assert.deepEqual(differences(printed({ ProgramArguments: ["/bin/sh"] }), told), [
    "program",
    "arguments",
  ]);
  const later = { StartCalendarInterval: [{ Hour: 7, Minute: 0 }] };
  assert.deepEqual(differences(printed(later), told), ["times"]);
  assert.equal(await readTold(path.join(folder, "none")), undefined);
});

void test("the next ring is the first time of the calendar on the Mac's clock, over its changes", () => {
  const zone = knownZone("Europe/Berlin");
  const at = (text: string): number => Date.parse(text);
  const ring = (calendar: Record<string, number>[], now: string): string | undefined => {
    const ms = nextRing(calendar, zone, at(now));
    return ms === undefined ? undefined : new Date(ms).toISOString();
  };
  const daily = [{ Hour: 2, Minute: 30 }];
  assert.equal(ring(daily, "2026-11-20T12:00:00Z"), "2026-11-21T01:30:00.000Z");
  assert.equal(ring(daily, "2026-03-28T12:00:00Z"), "2026-03-29T01:00:00.000Z", "in the gap");
  const monday = [{ Hour: 8, Minute: 0, Weekday: 1 }];
  assert.equal(ring(monday, "2026-11-20T12:00:00Z"), "2026-11-23T07:00:00.000Z");
  assert.equal(ring([], "2026-11-20T12:00:00Z"), undefined);
});
