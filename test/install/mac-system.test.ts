import assert from "node:assert/strict";
import { test } from "node:test";
import { runStatusSchema } from "../../src/ledger/status-schema.ts";
import { MacBox } from "../rig/mac/box.ts";
import { pollUntil } from "../rig/processes.ts";
import {
  APP,
  changesSince,
  CONFIG,
  DAEMONS,
  HOME,
  INSTALL,
  macWithHome,
  must,
  sudoCalls,
  treeOf,
  UNINSTALL,
} from "./on-mac.ts";

const OPTIONS = { skip: MacBox.unavailable, timeout: 300_000 };
const SCAN = "com.cbi.scan";
const ROOT_FOLDER = "/var/root";
const LABELS = ["com.cbi.nightly", SCAN, "com.cbi.wake", "com.cbi.watchdog"];

void test(
  "the machine's launchd on a Mac: installed, changed in part, and gone without a trace",
  OPTIONS,
  async () => {
    await using mac = await macWithHome();
    const before = treeOf(mac);
    const first = await must(mac, INSTALL);
    assert.match(first.stdout, /com\.cbi\.scan, next \d{4}-\d\d-\d\d \d\d:\d\d/);
    assert.match(first.stderr, /sudo asks for the password once/);
    assert.deepEqual(Object.keys(mac.services).sort(), LABELS);
    const { path: list, plist, domain } = mac.services[SCAN] ?? {};
    assert.deepEqual(
      [list, domain, plist?.UserName],
      [`${DAEMONS}/${SCAN}.plist`, "system", "you"],
    );
    for (const label of LABELS) {
      assert.match(treeOf(mac)[`${DAEMONS}/${label}.plist`] ?? "", /^644 0 /);
    }
    // Only Apple's programs, and the password asked for before the first of them.
    assert.equal(sudoCalls(mac)[0], "-n -v");
    for (const call of sudoCalls(mac).slice(1)) {
      assert.match(call, /^-n -- (\/bin\/(launchctl|mv)|\/usr\/bin\/install) /);
    }

    const installed = treeOf(mac);
    mac.forgetCalls();
    assert.match((await must(mac, INSTALL)).stdout, /nothing was changed/);
    assert.deepEqual(sudoCalls(mac), [], "looking needs no root");
    assert.deepEqual(changesSince(installed, mac), []);

    mac.write(`${HOME}/cbi.yaml`, CONFIG.replace("30 8", "45 9"));
    mac.forgetCalls();
    assert.match((await must(mac, INSTALL)).stdout, /com\.cbi\.scan, next/);
    const ended = sudoCalls(mac).filter((call) => call.includes("bootout"));
    assert.deepEqual(
      ended.map((call) => call.split("/").at(-1)),
      [SCAN, "com.cbi.watchdog"],
      "the night is left alone",
    );
    assert.notDeepEqual(mac.services[SCAN]?.plist, plist);

    // A job that is gone goes from launchd too.
    mac.write(`${HOME}/cbi.yaml`, CONFIG.replace(/^ {2}scan.*\n/m, ""));
    await must(mac, INSTALL);
    assert.equal(mac.services[SCAN], undefined);
    assert.ok(!mac.exists(`${DAEMONS}/${SCAN}.plist`));

    assert.match((await must(mac, UNINSTALL)).stdout, /nothing of cbi is left in launchd/);
    assert.deepEqual(mac.services, {});
    assert.deepEqual(changesSince(before, mac), []);
    assert.match((await must(mac, UNINSTALL)).stdout, /nothing is installed/);
  },
);

void test("cbi status shows what launchd has, without root", OPTIONS, async () => {
  await using mac = await macWithHome();
  const words = ["status", "--home", HOME];
  assert.doesNotMatch((await mac.cbi(words)).stdout, /com\.cbi/, "nothing is installed");
  await must(mac, INSTALL);
  await mac.ring(SCAN);
  await pollUntil("it has run", () => mac.services[SCAN]?.ended === "last exit code = 0");
  await mac.run(["sudo", "/bin/launchctl", "disable", "system/com.cbi.nightly"]);
  mac.forgetCalls();
  const { stdout } = await mac.cbi(words);
  assert.match(
    stdout,
    /^ {2}launchd {2}com\.cbi\.nightly +disabled, next \d{4}-\d\d-\d\d 0[56]:00$/m,
  );
  assert.match(stdout, /^ +com\.cbi\.scan +loaded, last ended with 0, next /m);
  assert.deepEqual(sudoCalls(mac), []);
  const { scheduler } = runStatusSchema.parse(
    JSON.parse((await mac.cbi([...words, "--json"])).stdout),
  );
  const scan = scheduler?.units.find(({ name }) => name === SCAN);
  const facts = { loaded: true, enabled: true, running: false, last_end: "0", differs: [] };
  assert.deepEqual({ ...scan, next: "" }, { name: SCAN, next: "", ...facts });
  mac.plant({ program: "launchctl", words: "^print", does: "exit", code: 5, always: true });
  assert.match((await mac.cbi(words)).stdout, /launchd {2}could not be asked: /);
});

void test(
  "what launchd has otherwise than told is seen, named and told anew",
  OPTIONS,
  async () => {
    await using mac = await macWithHome();
    mac.changeLaunchd({ dialect: "macos12" });
    await must(mac, INSTALL);
    const list = `/Library/LaunchDaemons/${SCAN}.plist`;
    await mac.run(["sudo", "/bin/chmod", "600", list]);
    assert.match((await must(mac, INSTALL)).stderr, /^wrote .+com\.cbi\.scan\.plist$/m, "closed");
    const change = (facts: object): void => {
      const service = mac.services[SCAN];
      assert.ok(service);
      const changed = { ...service, plist: { ...service.plist, ...facts } };
      mac.changeLaunchd({ services: { ...mac.services, [SCAN]: changed } });
    };
    for (const facts of [
      { ProgramArguments: ["/bin/sh", "-c", "true"] },
      { UserName: undefined },
      { StartCalendarInterval: [{ Hour: 1, Minute: 2 }] },
    ]) {
      change(facts);
      mac.forgetCalls();
      await must(mac, INSTALL);
      const loads = sudoCalls(mac).filter((call) => call.includes("bootstrap"));
      assert.deepEqual(loads, [`-n -- /bin/launchctl bootstrap system ${DAEMONS}/${SCAN}.plist`]);
      assert.match((await must(mac, INSTALL)).stdout, /nothing was changed/);
    }
    await mac.run(["sudo", "/bin/launchctl", "disable", `system/${SCAN}`]);
    await must(mac, INSTALL);
    await mac.run(["sudo", "/bin/chmod", "666", `${DAEMONS}/${SCAN}.plist`]);
    await must(mac, INSTALL);
    assert.match(treeOf(mac)[`${DAEMONS}/${SCAN}.plist`] ?? "", /^644 0 /);
    // A label stays disabled when its list goes, and would greet the next installation.
    await mac.run(["sudo", "/bin/launchctl", "disable", `system/${SCAN}`]);
    await must(mac, UNINSTALL);
    const disabled = await mac.run(["/bin/launchctl", "print-disabled", "system"]);
    assert.match(disabled.stdout, /"com\.cbi\.scan" => false/);
  },
);

void test("a run is ended for nothing but --force", OPTIONS, async () => {
  const long = CONFIG.replace("['true']", "['sleep', '600']").replace("30 8 * * 1-5", "* * * * *");
  await using mac = await macWithHome({ config: long });
  await must(mac, INSTALL);
  // A home's first look decides from when on its slots count.
  await mac.ring(SCAN);
  await pollUntil(
    "the first look is over",
    () => mac.services[SCAN]?.ended.endsWith("= 0") === true,
  );
  mac.shiftClock(5 * 60_000);
  mac.write(`${APP}/starts/scan/request`, "");
  await pollUntil("launchd starts the job on request", () => mac.services[SCAN]?.pid !== undefined);
  const pid = mac.services[SCAN]?.pid;
  // From then on it has read what the configuration said.
  const log = `/Users/you/Library/Logs/cbi/${SCAN}.log`;
  await pollUntil("its command has begun", () => /attempt 1 of 1/.test(mac.read(log)));
  assert.ok(!mac.exists(`${APP}/starts/scan/request`), "the request is taken away");
  const before = treeOf(mac);

  mac.write(`${HOME}/cbi.yaml`, long.replace("'600'", "'601'").replace("* * * * *", "0 * * * *"));
  const refused = await mac.cbi(INSTALL);
  assert.equal(refused.status, 75, refused.stderr);
  assert.match(refused.stderr, /com\.cbi\.scan is running.*\n.*cbi install --force/);
  assert.deepEqual(changesSince(before, mac), [], "nothing was touched");
  const stays = await mac.cbi(UNINSTALL);
  assert.equal(stays.status, 75, stays.stderr);
  assert.equal(mac.services[SCAN]?.pid, pid);

  await must(mac, [...INSTALL, "--force"]);
  assert.equal(mac.services[SCAN]?.pid, undefined);
  await must(mac, [...UNINSTALL, "--force"]);
  assert.deepEqual(mac.services, {});
});

void test("what must not be installed is refused, with what to do", OPTIONS, async () => {
  await using mac = await macWithHome();
  const before = treeOf(mac);
  const refusal = async (words: readonly string[], expected: RegExp, program = ["cbi"]) => {
    const end = await mac.run([...program, ...words]);
    assert.equal(end.status, 1, end.stdout);
    assert.match(end.stderr, expected);
    assert.deepEqual(changesSince(before, mac), []);
  };
  mac.setState("sudo", { mode: "password" });
  await refusal(
    INSTALL,
    /a terminal is required to read the password.*\n.*sudo -v.*cbi install --user/,
  );
  mac.setState("sudo", { mode: "denied" });
  await refusal(INSTALL, /not in the sudoers/);
  mac.setState("sudo", { mode: "free" });
  const packaged = "/opt/mac/package/node_modules/node/bin/node";
  const node = mac.read(packaged);
  mac.write(packaged, "#!/bin/sh\necho v20.1.0\n", { as: "root", mode: 0o755 });
  await refusal(INSTALL, /expected a Node of version 24 or later, got v20\.1\.0/);
  mac.write(packaged, node, { as: "root", mode: 0o755 });
  const sudo = ["sudo", "/usr/local/bin/node", "/opt/mac/package/dist/cli/cbi.js"];
  await refusal(INSTALL, /root's instead of you's\n.*without sudo: cbi install; it asks/, sudo);
  await refusal(UNINSTALL, /without sudo: cbi uninstall/, sudo);
  await refusal(["upgrade", "--yes"], /without sudo: cbi upgrade/, sudo);
});

void test(
  "an installation whose record is gone is said so, and a new one takes it over",
  OPTIONS,
  async () => {
    await using mac = await macWithHome();
    const before = treeOf(mac);
    await must(mac, INSTALL);
    // As whoever cleans up among applications' folders would.
    await mac.run(["rm", "-r", APP]);
    const refused = await mac.cbi(UNINSTALL);
    assert.equal(refused.status, 1, refused.stdout);
    assert.match(refused.stderr, /record of an installation is gone.*com\.cbi\.nightly\.plist/);
    // Another schedule in the meantime makes other property lists.
    mac.write(`${HOME}/cbi.yaml`, CONFIG.replace("30 8", "45 9"));
    await must(mac, INSTALL);
    await must(mac, UNINSTALL);
    assert.deepEqual(mac.services, {});
    assert.deepEqual(changesSince(before, mac), []);

    mac.write(`${DAEMONS}/${SCAN}.plist`, "<plist/>", { as: "root" });
    const foreign = await mac.cbi(INSTALL);
    assert.equal(foreign.status, 1);
    assert.match(foreign.stderr, /was not written by this installation\n.*: sudo mv \/Library/);
    assert.match((await must(mac, UNINSTALL)).stdout, /nothing is installed/, "which is not ours");
  },
);

void test(
  "a folder in which there is something else stays, and is not said to be gone",
  OPTIONS,
  async () => {
    await using mac = await macWithHome();
    await must(mac, INSTALL);
    const folder = "/Library/Application Support/cbi";
    mac.write(`${folder}/notes`, "of somebody's", { as: "root" });
    const { stderr } = await must(mac, UNINSTALL);
    assert.match(stderr, new RegExp(`^left ${folder}: something else is in it$`, "m"));
    assert.ok(mac.exists(`${folder}/notes`) && !mac.exists(`${folder}/set-wakes`));
  },
);

void test(
  "the list of wakes is the user's again where it became somebody else's",
  OPTIONS,
  async () => {
    await using mac = await macWithHome();
    await must(mac, INSTALL);
    const list = "/Library/Application Support/cbi/wakes";
    await mac.run(["chown", "502", list], { as: "root" });
    assert.match((await must(mac, INSTALL)).stderr, /^wrote .*\/wakes$/m);
    assert.match(mac.tree()[list.slice(1)] ?? "", /^644 501 /);
    assert.ok(mac.read(list).split("\n").length > 10, "and says when to wake");
    assert.match((await must(mac, INSTALL)).stdout, /nothing was changed/);
  },
);

void test("a home that macOS keeps closed is refused unless one says so", OPTIONS, async () => {
  await using mac = await macWithHome();
  mac.write("/Users/you/Documents/oil/cbi.yaml", CONFIG);
  await mac.run(["ln", "-s", "/Users/you/Documents/oil", "/Users/you/link"]);
  for (const home of ["/Users/you/Documents/oil", "/Users/you/link"]) {
    const words = [...INSTALL.slice(0, -1), home];
    const refused = await mac.cbi(words);
    assert.equal(refused.status, 1, refused.stdout);
    assert.match(refused.stderr, /lies in \/Users\/you\/Documents, which macOS keeps closed/);
  }
  const words = [...INSTALL.slice(0, -1), "/Users/you/Documents/oil", "--allow-protected-folder"];
  assert.match((await must(mac, words)).stderr, /Full Disk Access/);
});

void test(
  "after a restart of the Mac launchd has all jobs, and runs them as the user",
  OPTIONS,
  async () => {
    await using mac = await macWithHome({ isQuiet: false });
    await must(mac, INSTALL);
    await mac.reboot();
    assert.deepEqual(Object.keys(mac.services).sort(), LABELS);
    await pollUntil("the watchdog has looked", () =>
      mac.exists(`${HOME}/Logs/watchdog.heartbeat.json`),
    );
    assert.equal((await mac.ring(SCAN)).status, 0);
    await pollUntil("the job has ended", () => mac.services[SCAN]?.ended === "last exit code = 0");
    const log = mac.tree()[`Users/you/Library/Logs/cbi/${SCAN}.log`];
    assert.match(log ?? "", /^644 501 /);
    await must(mac, UNINSTALL);
  },
);

void test(
  "root's own session needs no sudo, and its jobs must be root's alone",
  OPTIONS,
  async () => {
    await using mac = await macWithHome();
    mac.write(`${ROOT_FOLDER}/oil/cbi.yaml`, CONFIG, { as: "root" });
    const words = [...INSTALL.slice(0, -1), `${ROOT_FOLDER}/oil`];
    await must(mac, words, { as: "root" });
    assert.deepEqual(sudoCalls(mac), []);
    assert.equal(mac.services[SCAN]?.plist.UserName, "root");
    await must(mac, UNINSTALL, { as: "root" });
    const open = await mac.cbi(INSTALL, { as: "root" });
    assert.match(open.stderr, /others than root may write \/Users\/you/);
  },
);
