import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { readPower, type PowerReading } from "../../src/system/power.ts";

type Supply = Record<string, string>;
const MAINS: Supply = { type: "Mains", online: "1" };
const CHARGING: Supply = { type: "Battery", status: "Charging" };
const DISCHARGING: Supply = { type: "Battery", status: "Discharging" };

void test("Linux tells mains from battery by its list of supplies", async () => {
  const table: [Supply[], PowerReading["source"]][] = [
    [[MAINS], "ac"],
    [[DISCHARGING, MAINS], "ac"],
    [[CHARGING, { ...MAINS, online: "0" }], "battery"],
    [[DISCHARGING, { ...MAINS, online: "0" }], "battery"],
    [[CHARGING, { type: "USB", online: "1" }], "ac"],
    [[DISCHARGING, { type: "USB", online: "1" }], "battery"],
    [[CHARGING], "unknown"],
    [[], "ac"],
    [[{ ...DISCHARGING, scope: "Device" }], "ac"],
  ];
  for (const [supplies, source] of table) {
    const reading = await onLinux(supplies);
    assert.equal(reading.source, source, JSON.stringify(supplies));
  }
  assert.equal((await onLinux(undefined)).source, "unknown");
});

void test("a Mac says what it draws from", async () => {
  const battery = " -InternalBattery-0 (id=22282339)\t100%; charged; 0:00 remaining present: true";
  const table: [string, PowerReading["source"]][] = [
    [`Now drawing from 'AC Power'\n${battery}`, "ac"],
    ["Now drawing from 'AC Power'", "ac"],
    [`Now drawing from 'Battery Power'\n${battery}`, "battery"],
    ["Now drawing from 'UPS Power'", "battery"],
    ["Now drawing from 'Sunlight'", "unknown"],
    ["", "unknown"],
  ];
  for (const [text, source] of table) assert.equal((await onMac(text)).source, source, text);
  assert.equal((await onMac("Now drawing from 'AC Power'", 1)).source, "unknown");
  const nowhere = { platform: "aix", suppliesFolder: "", pmset: ["true"] as [string] };
  assert.equal((await readPower(new AbortController().signal, nowhere)).source, "unknown");
});

async function onLinux(supplies: Supply[] | undefined): Promise<PowerReading> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "cbi-power-"));
  try {
    for (const [index, supply] of (supplies ?? []).entries()) {
      const own = path.join(folder, `S${index}`);
      await mkdir(own);
      for (const [key, value] of Object.entries(supply)) {
        await writeFile(path.join(own, key), `${value}\n`);
      }
    }
    const suppliesFolder = supplies === undefined ? path.join(folder, "none") : folder;
    const world = { platform: "linux", suppliesFolder, pmset: ["false"] as [string] };
    return await readPower(new AbortController().signal, world);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function onMac(text: string, exitCode = 0): Promise<PowerReading> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "cbi-power-"));
  try {
    const pmset = path.join(folder, "pmset");
    await writeFile(path.join(folder, "said"), text);
    await writeFile(pmset, `#!/bin/sh\ncat ${folder}/said\nexit ${exitCode}\n`);
    await chmod(pmset, 0o755);
    const world = {
      platform: "darwin",
      suppliesFolder: "",
      pmset: [pmset, "-g", "batt"] as [string, ...string[]],
    };
    return await readPower(new AbortController().signal, world);
  } finally {
    await rm(folder, { recursive: true });
  }
}
