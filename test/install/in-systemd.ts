import assert from "node:assert/strict";
import path from "node:path";
import { pollUntil } from "../rig/processes.ts";
import type { CallEnd, RealSystemd } from "../rig/real-systemd.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../..");
export const NODE = path.join(REPOSITORY, "node_modules/node/bin/node");
export const BUILT = path.join(REPOSITORY, "dist/cli/cbi.js");

/** A home in a real systemd of the machine, or of a user who lingers. */
export class Installed {
  readonly machine: RealSystemd;
  readonly user: string | undefined;
  readonly home: string;

  constructor(machine: RealSystemd, user?: string) {
    this.machine = machine;
    this.user = user;
    this.home = user === undefined ? "/srv/oil" : `/home/${user}/oil`;
  }

  /** A home of a new user whose manager runs without a login. */
  static async ofUser(machine: RealSystemd, user: string): Promise<Installed> {
    assert.equal(machine.run(["useradd", "-m", user]).status, 0);
    assert.equal(machine.run(["loginctl", "enable-linger", user]).status, 0);
    await pollUntil("the user's manager is there", () =>
      /running|degraded/.test(
        machine.runAs(user, ["systemctl", "--user", "is-system-running"]).stdout,
      ),
    );
    return new Installed(machine, user);
  }

  run(...words: string[]): CallEnd {
    const { machine, user } = this;
    return user === undefined ? machine.run(words, { HOME: "/root" }) : machine.runAs(user, words);
  }

  must(...words: string[]): string {
    const end = this.run(...words);
    assert.equal(end.status, 0, `${words.join(" ")}: ${end.stdout}${end.stderr}`);
    return end.stdout;
  }

  cbi(...words: string[]): string {
    return this.must(NODE, BUILT, ...words);
  }

  systemctl(...words: string[]): string {
    return this.must(
      "systemctl",
      this.user === undefined ? "--system" : "--user",
      "--no-pager",
      ...words,
    );
  }

  configure(text: string): void {
    this.must("mkdir", "-p", this.home);
    this.write("cbi.yaml", text);
  }

  /** Writes a file of the home. */
  write(name: string, text: string): void {
    this.must("sh", "-c", `printf '%s' "$1" > "$2"`, "sh", text, `${this.home}/${name}`);
  }
}
