import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAssertions } from "../../../src/host/launchd/pmset/assertions-text.ts";
import { parseSchedule } from "../../../src/host/launchd/pmset/sched-text.ts";
import { launchdFiles } from "../../../src/host/launchd/launchd-files.ts";
import { instantsText } from "../../../src/host/launchd/wake/instants.ts";
import { hostedHome } from "../../host/hosted-home.ts";
import { pollUntil } from "../processes.ts";
import { MacBox } from "./box.ts";
import { CALM, type PowerState } from "./powerd.ts";

const OPTIONS = { skip: MacBox.unavailable, timeout: 120_000 };
const DAY_MS = 86_400_000;

void test(
  "the imitated pmset has both grammars, its exit codes and its two slots",
  OPTIONS,
  async () => {
    await using mac = await MacBox.boot();
    const call = async (words: string, as: "you" | "root" = "root") => {
      const { status, stdout, stderr } = await mac.run(["/usr/bin/pmset", ...words.split(" ")], {
        as,
      });
      return { status, said: stdout + stderr };
    };
    const sched = async () => parseSchedule((await call("-g sched", "you")).said);
    assert.deepEqual(await call("-g sched", "you"), { status: 0, said: "" });
    const weekday = await call("schedule wakeorpoweron MTWRFSU 23:59:00");
    assert.equal(weekday.status, 70);
    assert.match(
      weekday.said,
      /^Error: Badly formatted date \(2\)\nError parsing scheduled event\.\n$/,
    );
    assert.equal((await call("repeat wakeorpoweron 23:59:00 MTWRFSU")).status, 1);
    const notRoot = await call("repeat wakeorpoweron MTWRFSU 23:59:00", "you");
    assert.deepEqual(notRoot, {
      status: 1,
      said: "pmset: Must be run as root to modify settings\n",
    });

    assert.equal(
      (await call("repeat wakeorpoweron MTWRFSU 23:59:30 shutdown MWF 6:00:00")).status,
      0,
    );
    assert.deepEqual(await sched(), {
      on: { type: "wakepoweron", minuteOfDay: 1439, days: 127 },
      off: { type: "shutdown", minuteOfDay: 360, days: undefined },
      events: [],
    });
    await call("repeat sleep U 0:05:00");
    assert.deepEqual(await sched(), {
      on: undefined,
      off: { type: "sleep", minuteOfDay: 5, days: 64 },
      events: [],
    });

    const at = ["11/22/27 06:00:00", "com.cbi.wake"];
    const set = (as: "you" | "root", ...words: string[]) =>
      mac.run(["/usr/bin/pmset", "schedule", ...words], { as });
    assert.match((await set("you", "wake", ...at)).stderr, /must be run as root/);
    assert.equal((await set("root", "wakeorpoweron", ...at)).status, 0);
    assert.equal((await set("root", "wake", "11/23/27 06:00:00")).status, 0);
    assert.deepEqual((await sched()).events, [
      { index: 0, type: "wakepoweron", wall: "2027-11-22T06:00:00", owner: "com.cbi.wake" },
      { index: 1, type: "wake", wall: "2027-11-23T06:00:00", owner: "pmset" },
    ]);
    const foreign = await set("root", "cancel", "wakeorpoweron", "11/22/27 06:00:00", "another");
    assert.deepEqual(
      [foreign.status, foreign.stderr],
      [1, "pmset: Error in scheduling operation\n"],
    );
    assert.equal((await set("root", "cancel", "wakeorpoweron", ...at)).status, 0);
    assert.equal((await set("root", "cancel", "0")).status, 0);
    assert.deepEqual((await sched()).events, []);
  },
);

void test(
  "the daemon sets what a process of the user asks for, in root's folder",
  OPTIONS,
  async () => {
    await using mac = await MacBox.boot();
    const home = hostedHome();
    for (const file of launchdFiles(home).files) {
      if (!/cbi\/|com\.cbi\.wake/.test(file.path)) continue;
      const as = file.owner === "root" ? "root" : "you";
      mac.write(file.path, file.content, { as, mode: file.mode });
    }
    await mac.run(["/usr/bin/chown", "root", "/Library/Application Support/cbi"], { as: "root" });
    const tomorrow = Math.floor(Date.now() / 1000) * 1000 + DAY_MS;
    const theirs = { type: "wake", atMs: tomorrow, owner: "com.apple.alarm" } as const;
    mac.setState("pmset", { ...CALM, events: [theirs] } satisfies PowerState);
    const folder = "/Library/Application Support/cbi";
    const list = `${folder}/wakes`;
    const put = await mac.run(["/bin/ln", "-sf", "/etc/passwd", list]);
    assert.notEqual(put.status, 0, "the user cannot put a link there");
    assert.notEqual((await mac.run(["/bin/rm", "-f", list])).status, 0);
    const write = ["/bin/sh", "-c", `printf %s "$1" > "$2"`, "x", instantsText([tomorrow]), list];
    assert.equal((await mac.run(write)).status, 0);
    const plist = "/Library/LaunchDaemons/com.cbi.wake.plist";
    const load = ["/bin/launchctl", "bootstrap", "system", plist];
    assert.equal((await mac.run(load, { as: "root" })).status, 0);
    await pollUntil("it has run", () => mac.read(`${folder}/wakes-report`).includes("set 1"));
    const { events } = mac.stateOf("pmset", CALM);
    assert.deepEqual(
      events.map(({ atMs, owner }) => [atMs, owner]),
      [
        [tomorrow, "com.apple.alarm"],
        [tomorrow, "com.cbi.wake"],
      ],
    );
    const byUser = await mac.run(["/bin/sh", `${folder}/set-wakes`]);
    assert.notEqual(byUser.status, 0, "what it writes is root's");
  },
);

void test(
  "the imitated caffeinate becomes the program, and a child of its group holds",
  OPTIONS,
  async () => {
    await using mac = await MacBox.boot();
    const look = `sleep 0.5; ps -o pid=,ppid=,pgid= --ppid $$; echo $$; /usr/bin/pmset -g assertions; exit 3`;
    const run = await mac.run(["/usr/bin/caffeinate", "-ims", "/bin/bash", "-c", look]);
    assert.equal(run.status, 3, run.stderr);
    const [own] = /^\d+$/m.exec(run.stdout) ?? [];
    const held = parseAssertions(run.stdout).filter(
      ({ onBehalfOfPid }) => `${onBehalfOfPid}` === own,
    );
    assert.deepEqual(held.map(({ type }) => type).sort(), [
      "PreventDiskIdle",
      "PreventSystemSleep",
      "PreventUserIdleSystemSleep",
    ]);
    const after = async () => (await mac.run(["/usr/bin/pmset", "-g", "assertions"])).stdout;
    await pollUntil("the holder has gone", async () => parseAssertions(await after()).length === 0);
    const missing = await mac.run(["/usr/bin/caffeinate", "-i", "/nowhere"]);
    assert.equal(missing.status, 127);
    assert.equal((await mac.run(["/usr/bin/caffeinate", "-i", "/etc/passwd"])).status, 126);
    const watch = `/usr/bin/caffeinate -i -w $$ & sleep 0.5; /usr/bin/pmset -g assertions`;
    const watched = await mac.run(["/bin/bash", "-c", watch]);
    assert.equal(parseAssertions(watched.stdout)[0]?.type, "PreventUserIdleSystemSleep");
  },
);
