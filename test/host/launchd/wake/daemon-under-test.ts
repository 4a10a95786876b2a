import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { wakeScript } from "../../../../src/host/launchd/wake/script.ts";
import { CALM, type PowerState } from "../../../rig/mac/powerd.ts";

/** The daemon's real program in a folder of its own, with imitations of the two that only a Mac has. */
export class DaemonUnderTest {
  readonly folder: string;
  readonly list: string;
  readonly report: string;
  readonly #state: string;
  readonly #script: string;

  constructor(state: Partial<PowerState> = {}, nowSeconds?: number) {
    this.folder = mkdtempSync(path.join(os.tmpdir(), "cbi-wake-"));
    const at = (name: string) => path.join(this.folder, name);
    this.list = at("wake list");
    this.report = at("it's the report");
    this.#state = at("powerd.json");
    this.#script = at("wake");
    this.power = { ...CALM, ...state };
    const pmset = path.join(import.meta.dirname, "pmset-on-disk.ts");
    this.#program("pmset", `exec '${process.execPath}' '${pmset}' '${this.#state}' 0 "$@"`);
    const now = nowSeconds === undefined ? "/usr/bin/date +%s" : `echo ${nowSeconds}`;
    const words = `if [ "$1" = -r ]; then TZ=${this.power.zone} exec /usr/bin/date -d "@$2" "$3"; fi; ${now}`;
    this.#program("date", words);
    const paths = { pmset: at("pmset"), date: at("date"), dd: "/bin/dd", tr: "/usr/bin/tr" };
    const { list, report } = this;
    writeFileSync(this.#script, wakeScript({ ...paths, list, report }), { mode: 0o755 });
  }

  get power(): PowerState {
    return JSON.parse(readFileSync(this.#state, "utf8")) as PowerState;
  }

  set power(state: PowerState) {
    writeFileSync(this.#state, JSON.stringify(state));
  }

  /** What pmset was asked since the last call of this. */
  calls(): string[] {
    const file = `${this.#state}.calls`;
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
    writeFileSync(file, "");
    return lines;
  }

  /** Runs once, as launchd starts it; gives the exit code, what it printed, and its report. */
  run(shell = "dash", environment: Record<string, string> = {}): Ran {
    const [program = "", ...options] = shell.split(" ");
    const end = spawnSync(program, [...options, this.#script], {
      encoding: "utf8",
      env: { PATH: "/usr/bin:/bin", ...environment },
      timeout: 30_000,
    });
    const report = existsSync(this.report) ? readFileSync(this.report, "utf8") : "";
    return {
      code: end.status,
      printed: end.stdout + end.stderr,
      said: report.split("\n")[1] ?? "",
    };
  }

  #program(name: string, words: string): void {
    const file = path.join(this.folder, name);
    writeFileSync(file, `#!/bin/sh\n${words}\n`);
    chmodSync(file, 0o755);
  }
}

export interface Ran {
  code: number | null;
  printed: string;
  said: string;
}
