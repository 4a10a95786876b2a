import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostFile, HostUnit } from "../../src/host/hosted-home.ts";
import type { Registrar, RegisteredUnit } from "../../src/host/registrar.ts";
import { Failure } from "../../src/system/failure.ts";

/** Which text the files have: each of the two tells the scheduler of other times. */
export type Edition = "first" | "second";

/** A registrar over a scheduler that knows nothing of ours yet, and of somebody else's one entry. */
export interface RegistrarUnderTest extends AsyncDisposable {
  registrar: Registrar;
  units: readonly HostUnit[];
  /** Puts an edition's files in place. */
  place(edition: Edition): HostFile[];
  /** Takes the files away. */
  clear(): void;
  /** What the scheduler itself has of our first unit, in its own words. */
  told(): string;
  /** What those words have of an edition, and of that one alone. */
  marks: Readonly<Record<Edition, string>>;
  /** What the scheduler itself has of somebody else's. */
  foreign(): string;
  /** Somebody switches our first unit off; where the scheduler has a switch. */
  switchOff?: () => void;
  /** The same registrar on a machine without the scheduler's program. */
  withoutProgram: Registrar;
}

export interface RegistrarContract {
  open: () => Promise<RegistrarUnderTest>;
  /** Whether the scheduler lets people switch off what it has. */
  hasSwitch: boolean;
  /** Why it cannot be tried here. */
  skip?: string | false;
}

const NONE: ReadonlySet<string> = new Set();
const TIMEOUT_MS = 120_000;

/** What every registrar must do. Each scheduler's test calls it with a factory of its own. */
export function registrarContract(name: string, contract: RegistrarContract): void {
  const { open, hasSwitch, skip = false } = contract;
  const holds = (sentence: string, check: (under: RegistrarUnderTest) => Promise<void>): void => {
    void test(`${name}: ${sentence}`, { skip, timeout: TIMEOUT_MS }, async () => {
      await using under = await open();
      await check(under);
    });
  };
  holds("what is registered is loaded and enabled, as it was told", isRegistered);
  holds("a second registration changes nothing", isRepeatable);
  holds("an edited file is taken", isEdited);
  holds("what is unregistered is unknown, and comes again", isUnregistered);
  holds("what was never there may be unregistered", isAbsent);
  holds("what somebody else has is left as it is", leavesForeign);
  if (hasSwitch) holds("what somebody switched off is seen, and registered on again", isSwitchedOn);
  holds("a missing program is said, with what helps", saysMissing);
}

async function isRegistered(under: RegistrarUnderTest): Promise<void> {
  const { registrar, units, marks } = under;
  await registrar.mustAnswer();
  const before = await registrar.read(units);
  assert.deepEqual(
    loaded(before),
    units.map(({ name }) => [name, false]),
  );
  await registrar.register(units, under.place("first"), NONE);
  await assertWell(under);
  assert.ok(under.told().includes(marks.first), under.told());
  assert.ok(!under.told().includes(marks.second), under.told());
}

async function isRepeatable(under: RegistrarUnderTest): Promise<void> {
  const { registrar, units } = under;
  const files = under.place("first");
  await registrar.register(units, files, NONE);
  const told = under.told();
  await registrar.register(units, files, NONE);
  assert.equal(under.told(), told);
  await assertWell(under);
}

async function isEdited(under: RegistrarUnderTest): Promise<void> {
  const { registrar, units, marks } = under;
  await registrar.register(units, under.place("first"), NONE);
  const files = under.place("second");
  await registrar.register(units, files, new Set(files.map(({ path }) => path)));
  assert.ok(under.told().includes(marks.second), under.told());
  assert.ok(!under.told().includes(marks.first), under.told());
  await assertWell(under);
}

async function isUnregistered(under: RegistrarUnderTest): Promise<void> {
  const { registrar, units } = under;
  await registrar.register(units, under.place("first"), NONE);
  await registrar.unregister(units);
  under.clear();
  await registrar.forgetFiles(units);
  assert.deepEqual(
    loaded(await registrar.read(units)),
    units.map(({ name }) => [name, false]),
  );
  assert.ok(!under.told().includes(under.marks.first), under.told());
  await registrar.register(units, under.place("second"), NONE);
  await assertWell(under);
}

async function isAbsent(under: RegistrarUnderTest): Promise<void> {
  const { registrar, units } = under;
  await registrar.unregister(units);
  await registrar.forgetFiles(units);
  await registrar.unregister([]);
  assert.deepEqual(await registrar.read([]), []);
}

async function leavesForeign(under: RegistrarUnderTest): Promise<void> {
  const { registrar, units } = under;
  const before = under.foreign();
  assert.notEqual(before, "");
  await registrar.register(units, under.place("first"), NONE);
  assert.equal(under.foreign(), before, "after a registration");
  const files = under.place("second");
  await registrar.register(units, files, new Set(files.map(({ path }) => path)));
  await registrar.unregister(units);
  under.clear();
  await registrar.forgetFiles(units);
  assert.equal(under.foreign(), before, "after all of it");
}

async function isSwitchedOn(under: RegistrarUnderTest): Promise<void> {
  const { registrar, units } = under;
  assert.ok(under.switchOff, "it has a switch");
  const files = under.place("first");
  await registrar.register(units, files, NONE);
  under.switchOff();
  const [seen] = await registrar.read(units);
  assert.equal(seen?.isEnabled, false);
  await registrar.register(units, files, NONE);
  await assertWell(under);
}

async function saysMissing({ withoutProgram }: RegistrarUnderTest): Promise<void> {
  await assert.rejects(withoutProgram.mustAnswer(), (error) => {
    assert.ok(error instanceof Failure, String(error));
    assert.match(error.code, /^CBI_HOST_/);
    assert.notEqual(error.remedy, "");
    return true;
  });
}

async function assertWell({ registrar, units }: RegistrarUnderTest): Promise<void> {
  const found = await registrar.read(units);
  assert.deepEqual(
    found.map(({ name, isLoaded, isEnabled, differs }) => ({ name, isLoaded, isEnabled, differs })),
    units.map(({ name }) => ({ name, isLoaded: true, isEnabled: true, differs: undefined })),
  );
}

function loaded(units: readonly RegisteredUnit[]): [string, boolean][] {
  return units.map(({ name, isLoaded }) => [name, isLoaded]);
}
