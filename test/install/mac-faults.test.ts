import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { MacBox, type CallEnd } from "../rig/mac/box.ts";
import type { Call } from "../rig/mac/fake.ts";
import { mishapsOf, someMishaps, type Mishap } from "./mac-faults.ts";
import {
  APP,
  changesSince,
  CONFIG,
  HOME,
  INSTALL,
  macWithHome,
  must,
  treeOf,
  UNINSTALL,
} from "./on-mac.ts";

/** Everything that may go wrong with every call takes half an hour; otherwise one of each kind. */
const IS_ALL = process.env["CBI_TEST_FAULTS"] === "all";
const SEED = Number(process.env["CBI_TEST_SEED"] ?? randomInt(1_000_000));
const OPTIONS = { skip: MacBox.unavailable, timeout: IS_ALL ? 7_200_000 : 600_000 };
/** Long for a call of the imitated Mac, on a machine that has more to do. */
const CALL_SECONDS = "2";
/** One night a week, since each one that wakes the Mac is some calls more. */
const WEEKLY = CONFIG.replace("0 0 * * *", "0 0 * * 1");
const EDITED = WEEKLY.replace("30 8", "45 9");
const BOXES = 2;

type Tree = Record<string, string>;

/** What the Mac looks like where nothing goes wrong. */
interface Good {
  bare: Tree;
  installed: Tree;
  edited: Tree;
}

void test(
  "whatever goes wrong with a call, what is there is the old or the new, and heals",
  OPTIONS,
  async (t) => {
    const { good, mishaps } = await goodRun();
    const { fresh, edit, undo } = mishaps;
    t.diagnostic(
      `seed ${SEED}: ${fresh.length} of an installation, ${edit.length} of an edit, ${undo.length} of its end`,
    );
    const lives = Array.from(
      { length: Math.max(fresh.length, edit.length, undo.length) },
      (_, at) => {
        return { fresh: fresh[at], edit: edit[at], undo: undo[at] };
      },
    );
    const work = async (): Promise<void> => {
      await using mac = await macWithHome({ config: WEEKLY });
      for (let life = lives.shift(); life; life = lives.shift()) await live(mac, good, life);
    };
    await Promise.all(Array.from({ length: BOXES }, work));
  },
);

interface Life {
  fresh: Mishap | undefined;
  edit: Mishap | undefined;
  undo: Mishap | undefined;
}

/** From nothing to nothing: each step goes wrong where a mishap is meant for it, and is done again. */
async function live(mac: MacBox, good: Good, { fresh, edit, undo }: Life): Promise<void> {
  const { bare, installed, edited } = good;
  mac.write(`${HOME}/cbi.yaml`, WEEKLY);
  if (fresh) await goWrong(mac, INSTALL, [bare, installed], fresh);
  // What was begun may also be taken away at once.
  if (!edit && !undo) return healed(mac, UNINSTALL, bare, fresh);
  await healed(mac, INSTALL, installed, fresh);
  if (edit) {
    mac.write(`${HOME}/cbi.yaml`, EDITED);
    await goWrong(mac, INSTALL, [installed, edited], edit);
    await healed(mac, INSTALL, edited, edit);
  }
  if (undo) await goWrong(mac, UNINSTALL, [edit ? edited : installed, bare], undo);
  await healed(mac, UNINSTALL, bare, undo);
}

/** A life in which nothing goes wrong, and all that could. */
async function goodRun(): Promise<{
  good: Good;
  mishaps: Record<"fresh" | "edit" | "undo", Mishap[]>;
}> {
  await using mac = await macWithHome({ config: WEEKLY });
  const calls = async (words: readonly string[]): Promise<Mishap[]> => {
    mac.forgetCalls();
    await must(mac, words);
    return choose(mac.calls);
  };
  const bare = treeOf(mac);
  const fresh = await calls(INSTALL);
  const installed = treeOf(mac);
  mac.write(`${HOME}/cbi.yaml`, EDITED);
  // Most of them are those of a first installation: half of them each time.
  const edit = (await calls(INSTALL)).filter((_, index) => IS_ALL || (index + SEED) % 2 === 0);
  const edited = treeOf(mac);
  const undo = await calls(UNINSTALL);
  assert.deepEqual(changesSince(bare, mac), []);
  return { good: { bare, installed, edited }, mishaps: { fresh, edit, undo } };
}

function choose(calls: readonly Call[]): Mishap[] {
  return IS_ALL ? mishapsOf(calls) : someMishaps(calls, SEED);
}

/** Lets one call go wrong, and looks at what is there then. */
async function goWrong(
  mac: MacBox,
  words: readonly string[],
  trees: readonly Tree[],
  mishap: Mishap,
): Promise<void> {
  mac.plant(mishap.fault);
  const isHang = mishap.fault.does === "hang" || mishap.fault.does === "late";
  const environment: Record<string, string> = isHang ? { CBI_CALL_SECONDS: CALL_SECONDS } : {};
  const end = await mac.cbi(words, { environment });
  // Whoever waits for something looks more often one time than another.
  const isMet = mac.stateOf("faults", []).length === 0;
  const last = mac.calls.slice(-3).map(({ program, args }) => [program, ...args].join(" "));
  const how = `${end.status ?? end.signal} after ${last.join("; ")}: ${end.stderr}`;
  assert.ok(isMet || end.status === 0, `${mishap.name} was not met: ${how}`);
  mac.setState("faults", []);
  mustBeEither(mac, trees, { end, mishap });
  // What kills a process may be the end of power.
  if (mishap.fault.does.startsWith("killed") && mishap.name.length % 2 === 0) await mac.reboot();
}

/**
 * Each file of ours in root's folders is the old or the new one, whole, or a copy that nobody reads yet; and
 * as long as anything of ours is there, a record says so. Who failed says what to do.
 */
function mustBeEither(
  mac: MacBox,
  trees: readonly Tree[],
  { end, mishap }: { end: CallEnd; mishap: Mishap },
): void {
  const now = treeOf(mac);
  const isOurs = (file: string): boolean => /^\/Library\/.*cbi/.test(file);
  const known = new Set(trees.flatMap((tree) => Object.keys(tree)).filter(isOurs));
  const found = Object.keys(now).filter(isOurs);
  for (const file of found.filter((one) => !one.endsWith(".new"))) {
    assert.ok(known.has(file), `${mishap.name}: ${file}`);
    assert.ok(
      trees.some((tree) => tree[file] === now[file]),
      `${mishap.name}: ${file} is neither`,
    );
  }
  const isThere = found.length > 0 || Object.keys(mac.services).length > 0;
  const record = now[`${APP}/installed.json`];
  if (isThere) assert.ok(record, `${mishap.name}: ${found.join()} without a record`);
  if (end.signal !== null) return;
  assert.notEqual(end.status, 70, `${mishap.name}: ${end.stderr}`);
  if (end.status !== 0) assert.match(end.stderr, /^cbi: .*\n {5}\S/m, mishap.name);
  const isWhole = trees.some((tree) => changesSince(tree, mac).length === 0);
  if (end.status === 0) assert.ok(isWhole, `${mishap.name}: done, and it is not`);
}

async function healed(
  mac: MacBox,
  words: readonly string[],
  tree: Tree,
  mishap: Mishap | undefined,
): Promise<void> {
  const name = mishap?.name ?? "nothing";
  const end = await mac.cbi(words);
  assert.equal(end.status, 0, `${name}, then cbi ${words[0]}: ${end.stderr}`);
  assert.deepEqual(changesSince(tree, mac), [], `${name}, then cbi ${words[0]}`);
  const labels = Object.keys(tree).filter((file) => /LaunchDaemons\/.*\.plist$/.test(file));
  assert.equal(Object.keys(mac.services).length, labels.length, name);
  const { events } = mac.stateOf("pmset", { events: [{ owner: "" }] });
  const ours = events.filter(({ owner }) => owner === "com.cbi.wake");
  assert.ok(labels.length > 0 || ours.length === 0, `${name}: a wake of ours is left`);
}
