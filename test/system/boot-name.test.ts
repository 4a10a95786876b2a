import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bootName, type BootWorld } from "../../src/system/boot-name.ts";

const SESSION = "8D2A1C5E-0F3B-4E6D-9A77-1B2C3D4E5F60";

void test("a Mac's boot keeps its name when its clock is set right", () => {
  let now = 1_795_000_000;
  const asked: string[] = [];
  const mac: BootWorld = {
    platform: "darwin",
    readText: () => assert.fail("a Mac has no such file"),
    ask(program, words) {
      asked.push([program, ...words].join(" "));
      return `${SESSION}\n`;
    },
    clock: () => ({ now, up: 1000 }),
  };
  assert.equal(bootName(mac), SESSION);
  now += 60;
  assert.equal(bootName(mac), SESSION);
  assert.equal(asked[0], "/usr/sbin/sysctl -n kern.bootsessionuuid");
  // One that does not say has the minute of its boot.
  for (const said of ["", "unknown oid"]) {
    assert.match(bootName({ ...mac, ask: () => said }), /^boot-\d+$/);
  }
});

void test(
  "this machine's boot is the kernel's name of it",
  { skip: process.platform !== "linux" && "Linux has a file of it" },
  () => {
    assert.equal(bootName(), readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  },
);
