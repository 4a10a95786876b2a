import assert from "node:assert/strict";
import { test } from "node:test";
import { MacBox } from "../rig/mac/box.ts";

const OPTIONS = { skip: MacBox.unavailable, timeout: 300_000 };
const HOME = "/Users/you/oil";
const CONFIG = `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
jobs:
  scan: { kind: command, schedule: ['30 8 * * *'], argv: ['true'] }
`;
const INSTALL = ["install", "--user", "--yes", "--home", HOME];

void test(
  "launchd itself starts the probe with the environment of the jobs, and has forgotten it after",
  OPTIONS,
  async () => {
    await using mac = await MacBox.boot();
    mac.write(`${HOME}/cbi.yaml`, CONFIG);
    const installed = await mac.cbi(INSTALL);
    assert.equal(installed.status, 0, installed.stdout + installed.stderr);
    assert.match(installed.stdout, /^pass {2}inside +launchd started a process as you/m);
    assert.match(installed.stdout, /^pass {2}files +\/Users\/you\/oil can be read and written/m);
    assert.deepEqual(Object.keys(mac.services).sort(), ["com.cbi.scan", "com.cbi.watchdog"]);
    assert.ok(!mac.exists("/Users/you/Library/LaunchAgents/com.cbi.probe.plist"));
    assert.ok(!mac.exists("/Users/you/Library/Application Support/cbi/probe"));
    const calls = mac.calls.filter(({ args }) => /probe/.test(args.join(" ")));
    // The first takes away what an earlier one may have left; caffeinate holds it awake.
    const verbs = calls.map(({ args }) => args[0]).filter((verb) => verb !== "print");
    assert.deepEqual(verbs, ["bootout", "enable", "bootstrap", "-ims", "bootout"]);
  },
);

void test(
  "what keeps launchd from a process, and a process from the home, is told by the doctor",
  OPTIONS,
  async () => {
    await using mac = await MacBox.boot();
    mac.write(`${HOME}/cbi.yaml`, CONFIG);
    assert.equal((await mac.cbi(INSTALL)).status, 0);
    const doctor = async (...words: string[]): Promise<string> =>
      (await mac.cbi(["doctor", "--offline", "--home", HOME, ...words])).stdout;
    assert.match(await doctor(), /^pass {2}files +inside launchd: /m);

    // launchd starts nothing whose log it cannot open, and says so nowhere but in its exit status.
    const logs = "/Users/you/Library/Logs/cbi";
    await mac.run(["chown", "root", logs, `${logs}/com.cbi.probe.log`], { as: "root" });
    await mac.run(["chmod", "-R", "go-rwx", logs], { as: "root" });
    assert.match(
      await doctor(),
      /^fail {2}inside +a process that launchd was to start gave no answer: it ended with 78: EX_CONFIG\n.*com\.cbi\.probe\.log/m,
    );
    await mac.run(["chown", "-R", "you", logs], { as: "root" });
    await mac.run(["chown", "root", HOME], { as: "root" });
    assert.match(
      await doctor(),
      /^fail {2}files +inside launchd: this user may not write in \/Users\/you\/oil \(EACCES\)/m,
    );
    await mac.run(["chown", "you", HOME], { as: "root" });
    // Privacy protection answers with EPERM, as Linux does for what is immutable, where its disk can be.
    await mac.run(["mkdir", "-p", `${HOME}/Logs`]);
    if ((await mac.run(["chattr", "+i", `${HOME}/Logs`], { as: "root" })).status === 0) {
      assert.match(
        await doctor(),
        /^fail {2}files +inside launchd: macOS's privacy protection .* write in .*Logs \(EPERM\)\n.*Full Disk Access/m,
      );
      await mac.run(["chattr", "-i", `${HOME}/Logs`], { as: "root" });
    }

    // What an installer left that was killed while the probe was there.
    await mac.run(["/bin/launchctl", "bootout", "gui/501/com.cbi.scan"]);
    await mac.run(["/bin/launchctl", "disable", "gui/501/com.cbi.watchdog"]);
    assert.match(
      await doctor(),
      /^fail {2}scheduler +launchd: com\.cbi\.scan is not loaded, com\.cbi\.watchdog is disabled\n.*--fix/m,
    );
    await mac.run(["mkdir", "/Users/you/Library/Application Support/cbi/probe"]);
    const fixed = await doctor("--fix");
    assert.match(fixed, /^done +take away what an interrupted probe left in launchd$/m);
    assert.match(fixed, /^done +tell launchd again of com\.cbi\.scan, com\.cbi\.watchdog$/m);
    assert.match(fixed, /^pass {2}scheduler/m);
  },
);

void test(
  "in the Mac's own domain the doctor asks launchd where sudo lets it, and else says how",
  OPTIONS,
  async () => {
    await using mac = await MacBox.boot();
    mac.write(`${HOME}/cbi.yaml`, CONFIG);
    const installed = await mac.cbi(["install", "--yes", "--home", HOME]);
    assert.equal(installed.status, 0, installed.stdout + installed.stderr);
    assert.match(installed.stdout, /^pass {2}inside +launchd started a process as you/m);
    const before = mac.tree();
    const doctor = async (): Promise<string> =>
      (await mac.cbi(["doctor", "--offline", "--home", HOME])).stdout;
    assert.match(await doctor(), /^pass {2}files +inside launchd: /m);
    mac.setState("sudo", { mode: "password" });
    const refused = await doctor();
    assert.match(refused, /^skip {2}inside +only root may .*: sudo -v, then cbi doctor$/m);
    assert.match(refused, /^pass {2}files +\/Users\/you\/oil can be read/m, "in the terminal then");
    const known = Object.keys(mac.tree()).filter(
      (file) => !(file in before) && !file.startsWith("Users/you/oil/"),
    );
    assert.deepEqual(known, [], "nothing is left of it");
  },
);

void test(
  "an installer that is killed at any of the probe's steps leaves what the next command takes away",
  OPTIONS,
  async () => {
    await using mac = await MacBox.boot();
    mac.write(`${HOME}/cbi.yaml`, CONFIG);
    const install = ["install", "--yes", "--home", HOME];
    const list = "/Library/LaunchDaemons/com.cbi.probe.plist";
    const steps = [
      "install -o root",
      "mv -f",
      "launchctl enable",
      "launchctl bootstrap",
      "launchctl bootout",
    ];
    for (const [index, step] of steps.entries()) {
      assert.equal((await mac.cbi(["uninstall", "--yes"])).status, 0);
      mac.plant({ program: "sudo", words: `${step}.*com.cbi.probe`, does: "killed-after" });
      const killed = await mac.cbi(install);
      assert.equal(killed.signal, "SIGKILL", `${step}: ${killed.stdout}${killed.stderr}`);
      mac.plant();
      const isHealedByInstall = index % 2 === 0;
      const next = await mac.cbi(isHealedByInstall ? install : ["uninstall", "--yes"]);
      assert.equal(next.status, 0, `${step}: ${next.stdout}${next.stderr}`);
      assert.ok(!mac.exists(list) && !mac.exists(`${list}.new`), step);
      assert.equal(mac.services["com.cbi.probe"], undefined, step);
      assert.ok(!mac.exists("/Users/you/Library/Application Support/cbi/probe"), step);
    }
  },
);

void test("FileVault, Login Items and OpenMP are looked at where they are", OPTIONS, async () => {
  await using mac = await MacBox.boot();
  mac.write(`${HOME}/cbi.yaml`, CONFIG.replace(/scan:.*/, "nightly: { kind: pipeline }"));
  const doctor = async (): Promise<string> =>
    (await mac.cbi(["doctor", "--offline", "--home", HOME])).stdout;
  mac.setState("sudo", { mode: "password" });
  const before = await doctor();
  assert.match(before, /^pass {2}FileVault +it is off/m);
  assert.match(before, /^skip {2}login items +only root may see them: sudo -v, then cbi doctor$/m);
  assert.match(
    before,
    /^fail {2}libomp +there is no libomp in \/opt\/homebrew\n.*brew install libomp/m,
  );

  mac.setState("fdesetup", { isOn: true });
  const library = "/opt/homebrew/Cellar/libomp/15.0.7/lib/libomp.dylib";
  mac.write(library, "");
  await mac.run(["mkdir", "-p", "/opt/homebrew/opt"], { as: "root" });
  await mac.run(["ln", "-s", "../Cellar/libomp/15.0.7", "/opt/homebrew/opt/libomp"], {
    as: "root",
  });
  const after = await doctor();
  assert.match(after, /^warn {2}FileVault +it is on: after a restart/m);
  assert.match(after, /^warn {2}libomp +.*15\.0\.7.* with which LightGBM hangs/m);

  mac.write(
    "/Library/LaunchDaemons/com.cbi.nightly.plist",
    `<plist version="1.0"><dict><key>Label</key><string>com.cbi.nightly</string>
<key>ProgramArguments</key><array><string>/usr/bin/true</string></array></dict></plist>`,
    { as: "root" },
  );
  const load = ["bootstrap", "system", "/Library/LaunchDaemons/com.cbi.nightly.plist"];
  assert.equal((await mac.run(["/bin/launchctl", ...load], { as: "root" })).status, 0);
  mac.setState("sudo", { mode: "free" });
  assert.match(await doctor(), /^pass {2}login items +all 1 of cbi are allowed/m);
  mac.setState("sfltool", { off: ["com.cbi.nightly"] });
  const off = await doctor();
  assert.match(
    off,
    /^fail {2}login items +somebody has turned off com\.cbi\.nightly\n.*Login Items/m,
  );
});

void test(
  "sudo cbi doctor is refused: its probe would be root's, and so would what that writes",
  OPTIONS,
  async () => {
    await using mac = await MacBox.boot();
    mac.write(`${HOME}/cbi.yaml`, CONFIG);
    mac.changeLaunchd({ isQuiet: true });
    const install = ["install", "--yes", "--no-probe", "--home", HOME];
    assert.equal((await mac.cbi(install)).status, 0);
    const before = mac.tree();
    const environment = { HOME: "/Users/you", SUDO_USER: "you", SUDO_UID: "501" };
    const words = ["doctor", "--offline", "--home", HOME];
    const { status, stderr } = await mac.cbi(words, { as: "root", environment });
    assert.equal(status, 1);
    assert.match(stderr, /root's instead of you's\n.*without sudo: cbi doctor; it asks/);
    const left = Object.entries(mac.tree()).filter(([file, state]) => before[file] !== state);
    assert.deepEqual(left, []);
  },
);

void test("a folder of root's that is gone is made again as root's", OPTIONS, async () => {
  await using mac = await MacBox.boot();
  mac.write(`${HOME}/cbi.yaml`, CONFIG.replace("argv:", "power: { wake: true }, argv:"));
  mac.changeLaunchd({ isQuiet: true });
  assert.equal((await mac.cbi(["install", "--yes", "--no-probe", "--home", HOME])).status, 0);
  const folder = "/Library/Application Support/cbi";
  mac.changeLaunchd({ isQuiet: false });
  await mac.run(["rm", "-r", folder], { as: "root" });
  const { stdout } = await mac.cbi(["doctor", "--fix", "--offline", "--home", HOME]);
  assert.match(stdout, /^done +make the folder \/Library\/Application Support\/cbi$/m);
  assert.equal(mac.tree()[folder.slice(1)], "755 0 folder");
  // Its files an installation writes; the doctor says so.
  assert.equal((await mac.cbi(["upgrade", "--yes", "--no-probe"])).status, 0);
  assert.ok(mac.exists(`${folder}/set-wakes`));
});
