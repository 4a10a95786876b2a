import assert from "node:assert/strict";
import { MacBox, type CallEnd, type RunOptions } from "../rig/mac/box.ts";

/** A home with a night that wakes the Mac and a command, on the imitated Mac. */
export const CONFIG = `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
jobs:
  nightly: { kind: pipeline, schedule: ['0 0 * * *'], power: { wake: true, awake: ac } }
  scan: { kind: command, schedule: ['30 8 * * 1-5'], argv: ['true'] }
`;
export const HOME = "/Users/you/oil & gas/Öl";
export const APP = "/Users/you/Library/Application Support/cbi";
export const DAEMONS = "/Library/LaunchDaemons";

/** `cbi install` without what takes minutes, and other files prove. */
export const INSTALL = ["install", "--yes", "--no-setup", "--no-probe", "--home", HOME];
export const UNINSTALL = ["uninstall", "--yes"];

/** A booted Mac with the home, in which nothing is started because it is loaded. */
export async function macWithHome({ isQuiet = true, config = CONFIG } = {}): Promise<MacBox> {
  const mac = await MacBox.boot();
  mac.write(`${HOME}/cbi.yaml`, config);
  mac.changeLaunchd({ isQuiet });
  return mac;
}

/** What it prints on standard output, and then what on the other. Fails the test if it fails. */
export async function must(
  mac: MacBox,
  words: readonly string[],
  options: RunOptions = {},
): Promise<CallEnd> {
  const end = await mac.cbi(words, options);
  assert.equal(end.status, 0, `cbi ${words.join(" ")}: ${end.stdout}${end.stderr}`);
  return end;
}

/** What a daemon writes in its time: that it is there counts, and not what is in it. */
const WRITTEN = [
  "/Library/Application Support/cbi/wakes",
  "/Library/Application Support/cbi/wakes-report",
];

/** The files of the Mac, without what a home keeps of itself and what programs have printed. */
export function treeOf(mac: MacBox): Record<string, string> {
  const logs = "/Users/you/Library/Logs/cbi/";
  const entries = Object.entries(mac.tree()).map(([file, state]) => {
    const isWritten = WRITTEN.includes(`/${file}`);
    return [`/${file}`, isWritten ? state.replace(/ \S+$/, "") : state] as const;
  });
  return Object.fromEntries(
    entries.filter(([file]) => !file.startsWith(`${HOME}/`) && !file.startsWith(logs)),
  );
}

/** What was changed, added or removed since, by path. */
export function changesSince(before: Record<string, string>, mac: MacBox): string[] {
  const after = treeOf(mac);
  const files = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...files].filter((file) => before[file] !== after[file]).sort();
}

/** The calls of sudo since they were forgotten, each as its words. */
export function sudoCalls(mac: MacBox): string[] {
  const calls = mac.calls.filter(({ program }) => program.endsWith("/sudo"));
  return calls.map(({ args }) => args.join(" "));
}
