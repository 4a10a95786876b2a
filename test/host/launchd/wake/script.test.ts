import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import * as fc from "fast-check";
import { instantsText } from "../../../../src/host/launchd/wake/instants.ts";
import { WAKE_OWNER } from "../../../../src/host/launchd/wake/script.ts";
import type { PowerState } from "../../../rig/mac/powerd.ts";
import { DaemonUnderTest } from "./daemon-under-test.ts";

const DAY_MS = 86_400_000;
const NOW_SECONDS = Math.floor(Date.now() / 1000);
const TOMORROW_MS = (NOW_SECONDS + 86_400) * 1000;

const FOREIGN: PowerState["events"] = [
  { type: "wake", atMs: TOMORROW_MS, owner: "com.apple.alarm.user-visible-x" },
  { type: "wakepoweron", atMs: TOMORROW_MS, owner: "pmset" },
  { type: "wakepoweron", atMs: TOMORROW_MS, owner: `x' by '${WAKE_OWNER}` },
  { type: "shutdown", atMs: TOMORROW_MS + DAY_MS, owner: "pmset" },
];
const REPEATING = { on: { type: "wakepoweron", minuteOfDay: 5, days: 21 } } as const;

function oursOf({ events }: PowerState): number[] {
  const ours = events.filter(({ owner, type }) => owner === WAKE_OWNER && type === "wakepoweron");
  return ours.map(({ atMs }) => atMs).sort((left, right) => left - right);
}

for (const shell of ["dash", "bash", "bash --posix"]) {
  void test(`${shell}: what is missing is set, ours that are not wanted go, all else stays`, () => {
    const old = { type: "wakepoweron", atMs: TOMORROW_MS + 5 * DAY_MS, owner: WAKE_OWNER } as const;
    const kept = { ...old, atMs: TOMORROW_MS };
    const mac = new DaemonUnderTest({ ...REPEATING, events: [...FOREIGN, old, kept] });
    const wanted = [TOMORROW_MS, TOMORROW_MS + DAY_MS];
    writeFileSync(mac.list, instantsText(wanted));
    assert.deepEqual(mac.run(shell), { code: 0, printed: "", said: "set 2" });
    assert.deepEqual(oursOf(mac.power), wanted);
    const foreign = mac.power.events.filter(({ owner }) => owner !== WAKE_OWNER);
    assert.deepEqual(foreign, FOREIGN);
    assert.deepEqual(mac.power.on, REPEATING.on);
    const changes = mac.calls().filter((call) => call !== "-g sched");
    assert.equal(changes.length, 2);
    for (const call of changes) assert.match(call, / com\.cbi\.wake$/);
    assert.equal(mac.run(shell).said, "set 2");
    assert.deepEqual(mac.calls(), ["-g sched"], "a second run changes nothing");
    writeFileSync(mac.list, instantsText([]));
    assert.equal(mac.run(shell).said, "set 0");
    assert.deepEqual(oursOf(mac.power), []);
  });
}

const good = `${NOW_SECONDS + 3600}`;
const many = Array.from({ length: 33 }, (_, index) => `${NOW_SECONDS + 3600 + index * 60}`);
const REFUSED: Record<string, string | Uint8Array> = {
  "an empty file": "",
  "no first line": `${good}\nend\n`,
  "no last line": `wakes\n${good}\n`,
  "a part of a list": `wakes\n${good}\nen`,
  "a last line without its end": `wakes\n${good}\nend`,
  "something after the last line": `wakes\n${good}\nend\n${good}\n`,
  "an empty line": `wakes\n\nend\n`,
  "33 instants": `wakes\n${many.join("\n")}\nend\n`,
  "an instant beyond the horizon": `wakes\n${NOW_SECONDS + 15 * 86_400}\nend\n`,
  "a bad instant after good ones": `wakes\n${good}\n${good}x\nend\n`,
  "nine digits": `wakes\n${good.slice(1)}\nend\n`,
  "eleven digits": `wakes\n${good}0\nend\n`,
  "an octal number": `wakes\n0${good.slice(1)}\nend\n`,
  "a sign": `wakes\n+${good.slice(1)}\nend\n`,
  "a hexadecimal number": `wakes\n0x6900000\nend\n`,
  "a space before": `wakes\n ${good}\nend\n`,
  "a carriage return": `wakes\r\n${good}\r\nend\r\n`,
  "Arabic digits": `wakes\n${otherDigits(0x0660)}\nend\n`,
  "full-width digits": `wakes\n${otherDigits(0xff10)}\nend\n`,
  "a NUL among digits": Buffer.from(`wakes\n${good.slice(0, 5)}\0${good.slice(5)}\nend\n`),
  "a command": "wakes\n$(id>&2)\nend\n",
  "a back quote": "wakes\n`id>&2`\nend\n",
  "a pattern": "wakes\n*\nend\n",
  "an option": "wakes\n-n\nend\n",
  "spaces for another word": `wakes\n${good} ${good}\nend\n`,
  "a megabyte": Buffer.alloc(1_048_576, "1"),
  "a megabyte of lines": `wakes\n${`${good}\n`.repeat(100_000)}end\n`,
};

/** A good instant in the digits of another script, which some locales take for digits. */
function otherDigits(zero: number): string {
  return good.replaceAll(/./g, (digit) => String.fromCodePoint(zero + Number(digit)));
}

for (const [name, content] of Object.entries(REFUSED)) {
  void test(`${name}: nothing is set, nothing cancelled, and the report says so`, () => {
    const ours = { type: "wakepoweron", atMs: TOMORROW_MS, owner: WAKE_OWNER } as const;
    const mac = new DaemonUnderTest({ events: [ours] });
    writeFileSync(mac.list, content);
    const { code, printed, said } = mac.run();
    assert.deepEqual([code, printed], [1, ""]);
    assert.match(said, /^refused /);
    assert.deepEqual(mac.calls(), [], "pmset is not even asked");
    assert.deepEqual(oursOf(mac.power), [TOMORROW_MS]);
  });
}

void test("a list that is a link, a pipe, a folder or nothing is not opened", () => {
  const mac = new DaemonUnderTest();
  const secret = `${mac.folder}/secret`;
  writeFileSync(secret, `wakes\n${good}\nend\n`);
  const shapes = [
    () => undefined,
    () => symlinkSync(secret, mac.list),
    () => spawnSync("mkfifo", [mac.list]),
    () => mkdirSync(mac.list),
    () => symlinkSync("/dev/zero", mac.list),
  ];
  for (const make of shapes) {
    make();
    const { code, said } = mac.run();
    assert.deepEqual([code, said], [1, "refused the list is no plain file"]);
    rmSync(mac.list, { recursive: true, force: true });
  }
  assert.deepEqual(mac.calls(), []);
});

void test("nothing of a list that is refused is ever repeated", () => {
  const mac = new DaemonUnderTest();
  writeFileSync(mac.list, "root:$6$secret:0:0\nwheel\n");
  const { printed, said } = mac.run();
  assert.doesNotMatch(`${printed}${said}`, /secret|wheel|root/);
});

void test("what has passed since the list was written is left out, and the rest set", () => {
  const mac = new DaemonUnderTest();
  writeFileSync(mac.list, instantsText([(NOW_SECONDS - 60) * 1000, TOMORROW_MS]));
  assert.equal(mac.run().code, 0);
  assert.deepEqual(oursOf(mac.power), [TOMORROW_MS]);
});

void test("a pmset that takes a wake and does not set it is found out", () => {
  const mac = new DaemonUnderTest({ isDeaf: true });
  writeFileSync(mac.list, instantsText([TOMORROW_MS]));
  assert.deepEqual(mac.run(), {
    code: 1,
    printed: "",
    said: "refused pmset did not set 1 of 1",
  });
});

void test("whoever starts it cannot have it run anything of theirs", () => {
  const mac = new DaemonUnderTest();
  writeFileSync(mac.list, instantsText([TOMORROW_MS]));
  for (const name of ["printf", "dd", "tr", "["]) {
    writeFileSync(`${mac.folder}/${name}`, '#!/bin/sh\ntouch "${0%/*}/taken"\n', { mode: 0o755 });
  }
  const hostile = { PATH: `${mac.folder}:/usr/bin:/bin`, IFS: "0123", LC_ALL: "ar_EG.UTF-8" };
  assert.equal(mac.run("dash", { ...hostile, ENV: `${mac.folder}/x` }).code, 0);
  assert.deepEqual(oursOf(mac.power), [TOMORROW_MS]);
  assert.equal(spawnSync("test", ["-e", `${mac.folder}/taken`]).status, 1);
});

void test("in the hour that comes twice a wake is set once, and never again", () => {
  // In Berlin, the clock shows 02:30 twice on 2027-10-31.
  const first = Date.parse("2027-10-31T00:30:00Z");
  const nowSeconds = Math.floor(first / 1000) - 5 * 86_400;
  const mac = new DaemonUnderTest({}, nowSeconds);
  writeFileSync(mac.list, instantsText([first, first + 3_600_000]));
  assert.equal(mac.run().code, 0);
  assert.deepEqual(oursOf(mac.power), [first + 3_600_000], "pmset takes the second pass");
  mac.calls();
  assert.equal(mac.run().code, 0);
  assert.deepEqual(mac.calls(), ["-g sched"]);
});

void test("the shell reads a list as its writer means it, and refuses what is none", () => {
  const mac = new DaemonUnderTest();
  // Only the reading is in question, so that nothing is set.
  const line = fc.oneof(
    fc.constantFrom("wakes", "end", "", good, `${NOW_SECONDS - 5}`, "0123456789", "end "),
    fc.string({ maxLength: 12 }),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
      const text = `${lines.join("\n")}\n`;
      writeFileSync(mac.list, text);
      const isList = /^wakes\n(?:[1-9][0-9]{9}\n)*end\n$/.test(text);
      assert.equal(mac.run().said.startsWith("refused"), !isList, JSON.stringify(text));
    }),
    { numRuns: 40 },
  );
});
