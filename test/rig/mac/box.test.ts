import assert from "node:assert/strict";
import { test } from "node:test";
import { pollUntil } from "../processes.ts";
import { MacBox } from "./box.ts";

const OPTIONS = { skip: MacBox.unavailable, timeout: 120_000 };
const LABEL = "com.cbi.tried";
const FILE = `/Library/LaunchDaemons/${LABEL}.plist`;

void test(
  "the imitated Mac has the user, the rights and the programs of a Mac",
  OPTIONS,
  async () => {
    await using mac = await MacBox.boot();
    const facts =
      "[process.platform, process.arch, process.getuid(), os.homedir(), os.userInfo().username].join()";
    const told = await mac.run(["node", "-p", facts]);
    assert.equal(told.stdout, "darwin,arm64,501,/Users/you,you\n", told.stderr);
    assert.notEqual((await mac.run(["touch", FILE])).status, 0, "root's alone to write");
    assert.equal((await mac.run(["sudo", "/usr/bin/touch", FILE])).status, 0);
    assert.match(mac.tree()[FILE.slice(1)] ?? "", /^644 0 /);
    assert.equal((await mac.cbi(["--version"])).status, 0);
    mac.setState("sudo", { mode: "password" });
    const refused = await mac.run(["sudo", "-n", "/usr/bin/touch", FILE]);
    assert.deepEqual([refused.status, /password is required/.test(refused.stderr)], [1, true]);
  },
);

void test("the imitated launchd answers in launchctl's codes and texts", OPTIONS, async () => {
  await using mac = await MacBox.boot();
  const call = async (user: "you" | "root", ...words: string[]) => {
    const { status, stdout, stderr } = await mac.run(["/bin/launchctl", ...words], { as: user });
    return { status, said: stdout + stderr };
  };
  const load = ["bootstrap", "system", FILE];
  const target = `system/${LABEL}`;
  assert.equal((await call("root", ...load)).status, 5, "no such file");
  const unknown = await call("you", "print", target);
  assert.equal(unknown.status, 113);
  assert.match(
    unknown.said,
    /^Bad request\.\nCould not find service "com\.cbi\.tried" in domain for system\n$/,
  );
  assert.match((await call("you", "bootout", target)).said, /1: Operation not permitted/);
  assert.match((await call("root", "bootout", target)).said, /3: No such process/);

  const deaf = plist(
    "<string>/bin/bash</string><string>-c</string><string>trap '' TERM; sleep 60 &amp; wait; wait</string>",
  );
  mac.write(FILE, deaf, { as: "you" });
  assert.equal((await call("root", ...load)).status, 122, "not root's");
  mac.write(FILE, deaf, { as: "root" });
  await call("root", "disable", target);
  assert.match((await call("root", ...load)).said, /119: Service is disabled/);
  assert.match(
    (await call("you", "print-disabled", "system")).said,
    /"com\.cbi\.tried" => disabled/,
  );
  mac.changeLaunchd({ dialect: "macos12" });
  assert.match((await call("you", "print-disabled", "system")).said, /"com\.cbi\.tried" => true/);
  await call("root", "enable", target);
  assert.equal((await call("root", ...load)).status, 0);
  assert.match((await call("root", ...load)).said, /5: Input\/output error/, "loaded already");
  assert.equal((await call("root", "kickstart", target)).status, 0);
  assert.match(
    (await call("you", "print", target)).said,
    /^\tstate = running$[\s\S]*^\tpid = \d+$/m,
  );

  assert.equal((await call("root", "bootout", target)).status, 0);
  assert.equal((await call("root", ...load)).status, 5, "it is still ending");
  assert.equal((await call("root", "bootout", target)).status, 36);
  await pollUntil("it is gone", () => mac.services[LABEL] === undefined);
  assert.equal((await call("root", "load", FILE)).status, 0, "load always ends with 0");
});

void test(
  "what launchd starts has the list's environment, user and log, and no more",
  OPTIONS,
  async () => {
    await using mac = await MacBox.boot();
    const folder = "/Users/you/queue";
    mac.write(`${folder}/.keep`, "");
    mac.write(
      "/Users/you/say",
      "#!/bin/sh\nrm -f /Users/you/queue/* /Users/you/queue/.keep\nenv | sort; id -u\nexit 3\n",
      {
        mode: 0o755,
      },
    );
    const log = "/Users/you/log";
    const more = `<key>UserName</key><string>you</string><key>StandardOutPath</key><string>${log}</string>
<key>QueueDirectories</key><array><string>${folder}</string></array>
<key>EnvironmentVariables</key><dict><key>A</key><string>b c</string></dict>`;
    mac.write(FILE, plist(`<string>/Users/you/say</string>`, more), { as: "root" });
    await mac.run(["/bin/launchctl", "bootstrap", "system", FILE], { as: "root" });
    await pollUntil("the queue has started it", () =>
      /exit code = 3/.test(mac.services[LABEL]?.ended ?? ""),
    );
    const said = mac
      .read(log)
      .split("\n")
      .filter((line) => !/^(PWD|SHLVL|_|OLDPWD)=/.test(line));
    assert.deepEqual(said, [
      "A=b c",
      "PATH=/usr/bin:/bin:/usr/sbin:/sbin",
      `XPC_SERVICE_NAME=${LABEL}`,
      "501",
      "",
    ]);

    await mac.run(["/bin/launchctl", "bootout", `system/${LABEL}`], { as: "root" });
    await pollUntil("it is gone", () => mac.services[LABEL] === undefined);
    mac.write(FILE, plist(`<string>/Users/you/none</string>`, more), { as: "root" });
    await mac.run(["/bin/launchctl", "bootstrap", "system", FILE], { as: "root" });
    assert.equal((await mac.ring(LABEL)).status, 0);
    await pollUntil("it fails", () => /78: EX_CONFIG/.test(mac.services[LABEL]?.ended ?? ""));
  },
);

void test("a planted fault hits the call that it is meant for, once", OPTIONS, async () => {
  await using mac = await MacBox.boot();
  const print = ["/bin/launchctl", "print", "system/x"];
  mac.plant({
    program: "launchctl",
    words: "print system/x",
    does: "exit",
    code: 36,
    stderr: "later\n",
  });
  const faulty = await mac.run(print);
  assert.deepEqual([faulty.status, faulty.stderr], [36, "later\n"]);
  assert.equal((await mac.run(print)).status, 113);
  assert.deepEqual(
    mac.calls.map(({ number }) => number),
    [1, 2],
  );
});

function plist(words: string, more = ""): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict><key>Label</key><string>${LABEL}</string>
<key>ProgramArguments</key><array>${words}</array>${more}</dict></plist>
`;
}
