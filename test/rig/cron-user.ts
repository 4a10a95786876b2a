import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** As crontab(1) of Debian answers, on a file in the user's folder: 1 and a sentence for a user who has none. */
const CRONTAB = `#!/bin/sh
case "$1" in
-l) cat "$HOME/table" 2>/dev/null || { echo "no crontab for you" >&2; exit 1; } ;;
-r) rm "$HOME/table" ;;
*) cp "$1" "$HOME/table" ;;
esac
`;

/** A user whose cron is a file, with a folder of programs of their own. */
export class CronUser {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), "cbi-user-"));
  readonly bin = path.join(this.folder, "bin");
  readonly table = path.join(this.folder, "table");
  readonly app = path.join(this.folder, ".local/share/cbi");
  readonly environment: Record<string, string> = {
    HOME: this.folder,
    PATH: `${this.bin}:/usr/sbin:/usr/bin:/sbin:/bin`,
  };

  constructor() {
    mkdirSync(this.bin);
    this.program("crontab", CRONTAB);
  }

  /** Puts a program first on the user's PATH. */
  program(name: string, text: string): void {
    writeFileSync(path.join(this.bin, name), text);
    chmodSync(path.join(this.bin, name), 0o755);
  }
}
