import assert from "node:assert/strict";
import { test } from "node:test";
import { RealSystemd } from "../rig/real-systemd.ts";
import { pollUntil } from "../rig/processes.ts";
import { BUILT, Installed, NODE } from "./in-systemd.ts";

const CONFIG = `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
jobs:
  scan: { kind: command, schedule: ['30 8 * * *'], argv: ['true'], power: { wake: true } }
`;
const OPTIONS = { skip: RealSystemd.unavailable, timeout: 300_000 };

async function lifeOf(installed: Installed, stamp: string): Promise<void> {
  const { home, machine } = installed;
  installed.configure(CONFIG);
  const install = ["install", "--host", "systemd", "--yes", "--home", home];
  const first = installed.cbi(...install);
  assert.match(first, /cbi-scan\.timer, next \w+ \d{4}-/);
  const who = installed.user ?? "root";
  assert.match(first, new RegExp(`^pass {2}inside +systemd started a process as ${who}`, "m"));
  assert.match(first, new RegExp(`^pass {2}files +${home} can be read and written`, "m"));
  assert.match(installed.cbi(...install), /nothing was changed/);

  // Off over a slot: the timer is stopped, its last ring is long ago, and it begins again.
  installed.systemctl("stop", "cbi-scan.timer");
  const watched = installed.run(NODE, BUILT, "watchdog", "--home", home).stdout;
  assert.match(watched, /scan is not loaded at systemd/);
  installed.must("touch", "-d", "3 days ago", stamp);
  installed.systemctl("start", "cbi-scan.timer");
  await pollUntil("the missed ring is caught up", () =>
    /InactiveExitTimestamp=\w/.test(
      installed.systemctl("show", "-p", "InactiveExitTimestamp", "cbi-scan.service"),
    ),
  );
  await pollUntil("its start has ended", () =>
    /ActiveState=inactive/.test(
      installed.systemctl("show", "-p", "ActiveState", "cbi-scan.service"),
    ),
  );
  assert.match(installed.systemctl("show", "-p", "Result", "cbi-scan.service"), /Result=success/);

  installed.configure(CONFIG.replace("30 8", "45 9"));
  const again = installed.run(NODE, BUILT, "watchdog", "--home", home).stdout;
  assert.match(again, /told of other times/);
  assert.match(installed.cbi("upgrade", "--yes"), /cbi-scan\.timer, next \w+ \d{4}-/);
  assert.match(installed.cbi("upgrade", "--yes"), /nothing was changed/);
  assert.match(installed.systemctl("cat", "cbi-scan.timer"), /09:45:00 America\/New_York/);

  // Interrupted after the files were written: systemd still has the former times.
  const began = (): string =>
    installed.systemctl("show", "-p", "ActiveEnterTimestampMonotonic", "cbi-scan.timer");
  const before = began();
  const folder = installed.user === undefined ? "/root" : `/home/${installed.user}`;
  const record = `${folder}/.local/share/cbi/installed.json`;
  installed.must("sed", "-i", 's/"state": "installed"/"state": "installing"/', record);
  installed.cbi(...install);
  assert.notEqual(began(), before, "its timers begin again");

  assert.match(installed.cbi("uninstall", "--yes"), /nothing of cbi is left/);
  assert.doesNotMatch(installed.systemctl("list-units", "--all"), /cbi-(scan|watchdog)/);
  const left = machine.written("cbi").filter((file) => !file.endsWith("cbi.yaml"));
  assert.deepEqual(left, ["etc/systemd/system/cbi-test.target"]);
}

void test(
  "the machine's systemd: installed, caught up, edited, and gone without a trace",
  OPTIONS,
  async () => {
    await using machine = await RealSystemd.boot();
    await lifeOf(new Installed(machine), "/var/lib/systemd/timers/stamp-cbi-scan.timer");
  },
);

void test(
  "what a night needs is tried from within systemd, at the installation and by the doctor",
  OPTIONS,
  async () => {
    await using machine = await RealSystemd.boot();
    const installed = new Installed(machine);
    installed.configure(
      CONFIG.replace(/scan:.*/, "nightly: { kind: pipeline, schedule: ['0 0 * * *'] }"),
    );
    installed.must("mkdir", "-p", `${installed.home}/TrainingData/raw`);
    installed.must("sh", "-c", `echo date >${installed.home}/TrainingData/raw/wti.csv`);
    const install = ["install", "--host", "systemd", "--yes", "--home", installed.home];
    const said = installed.cbi(...install);
    for (const name of ["inside", "Python", "libraries", "files", "warehouse"]) {
      assert.match(said, new RegExp(`^pass {2}${name} `, "m"));
    }
    const doctor = (): string =>
      installed.run(NODE, BUILT, "doctor", "--offline", "--home", installed.home).stdout;
    assert.match(doctor(), /^pass {2}libraries +inside systemd: LightGBM .* trained in/m);
    // What a terminal may, the jobs may not: only the unit's own environment decides.
    installed.must("rm", `${installed.home}/TrainingData/raw/wti.csv`);
    assert.match(doctor(), /^fail {2}warehouse +inside systemd: the source wti is not there/m);
    // What an installer would leave that was killed while the probe was at work.
    const unit = "/run/systemd/system/cbi-probe.service";
    installed.must("sh", "-c", `printf '[Service]\\nExecStart=/bin/sleep 600\\n' >${unit}`);
    installed.systemctl("daemon-reload");
    installed.systemctl("start", "cbi-probe.service");
    const healed = installed.run(NODE, BUILT, ...install);
    assert.match(healed.stderr, /took away what an interrupted probe had left/);
    assert.doesNotMatch(installed.systemctl("list-units", "--all"), /cbi-probe/);
    assert.deepEqual(machine.written("cbi-probe"), []);
    assert.equal(installed.run("ls", "/run/systemd/system/cbi-probe.service").status, 2);
  },
);

void test(
  "a user's systemd: installed, caught up, edited, and gone without a trace",
  OPTIONS,
  async () => {
    await using machine = await RealSystemd.boot();
    const installed = await Installed.ofUser(machine, "you");
    const stamp = "/home/you/.local/share/systemd/timers/stamp-cbi-scan.timer";
    await lifeOf(installed, stamp);
  },
);
