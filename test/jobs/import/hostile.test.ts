import assert from "node:assert/strict";
import { test } from "node:test";
import { importApscheduler } from "../../../src/jobs/import/apscheduler.ts";
import { importCrontab } from "../../../src/jobs/import/crontab.ts";
import { importLaunchd } from "../../../src/jobs/import/launchd.ts";
import { importSystemd } from "../../../src/jobs/import/systemd.ts";

const context = { zone: "UTC", hasUsers: false };
/** An eighth of the largest file that is read: what grows with the square shows, and what does not is quick. */
const SIZE = 32 * 1024;
/** Far from what any of them takes on a busy machine, and from what a search in a search would. */
const PATIENCE_MS = 10_000;

const READERS: Record<string, (text: string) => unknown> = {
  crontab: (text) => importCrontab(text, context),
  launchd: (text) => importLaunchd(text, context),
  apscheduler: (text) => importApscheduler(text, context),
  systemd: (text) => {
    const file = [{ name: "x", text }];
    return importSystemd({ name: "x", timer: file, service: file }, context);
  },
};

void test("a large file of any one piece is read in good time", () => {
  const pieces = [
    ..."x|{|,|'|\"|\\|\\\n|x\n|a=(\n|a=[|add_job(|@add_job()\n|<!--|<a |<dict>|&|[S]\n|k=\\\n|ExecStart=a\n|OnCalendar=a\n| |\t|* |\n|#|1h |[x".split(
      "|",
    ),
    "* * * * * {",
    "* * * * * a,",
    "* * * * * a{,\n",
    "[Timer]\nOnCalendar=",
    "[Service]\nExecStart=",
  ];
  for (const [name, read] of Object.entries(READERS)) {
    for (const piece of pieces) {
      const texts = [piece.repeat(Math.floor(SIZE / piece.length)), piece + "{,a".repeat(SIZE / 4)];
      for (const text of texts) {
        const before = performance.now();
        read(text);
        const took = performance.now() - before;
        assert.ok(took < PATIENCE_MS, `${name} took ${took} ms for ${JSON.stringify(piece)}`);
      }
    }
  }
});
