import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cronFiles } from "../../../src/host/cron/cron-files.ts";
import { crontabRegistrar } from "../../../src/host/cron/crontab.ts";
import type { RegistrarWorld } from "../../../src/host/registrar.ts";
import { registrarContract, type RegistrarUnderTest } from "../../contract/registrar.ts";
import { CronUser } from "../../rig/cron-user.ts";
import { ManualClock } from "../../rig/manual-clock.ts";
import { twoEditions } from "../two-editions.ts";

const FOREIGN = "5 4 * * * echo mine\n";

registrarContract("a user's crontab", { open, hasSwitch: false });

function open(): Promise<RegistrarUnderTest> {
  const user = new CronUser();
  const { node, entry } = { node: "/opt/node", entry: "/opt/cbi.js" };
  const editions = twoEditions(cronFiles, {
    scope: "user",
    program: { appFolder: user.app, node, entry },
  });
  const world = (environment: RegistrarWorld["environment"]): RegistrarWorld => ({
    environment,
    signal: new AbortController().signal,
    clock: new ManualClock("2026-11-20T12:00:00Z"),
  });
  const table = (): string => (existsSync(user.table) ? readFileSync(user.table, "utf8") : "");
  writeFileSync(user.table, FOREIGN);
  return Promise.resolve({
    registrar: crontabRegistrar("user", world(user.environment)),
    withoutProgram: crontabRegistrar("user", world({ ...user.environment, PATH: user.app })),
    units: editions.first.units,
    place(edition) {
      for (const file of editions[edition].files) {
        mkdirSync(path.dirname(file.path), { recursive: true });
        writeFileSync(file.path, file.content, { mode: file.mode });
      }
      return editions[edition].files;
    },
    clear: () => rmSync(user.app, { recursive: true }),
    told: () => table().replace(FOREIGN, ""),
    marks: { first: "4 3 * * *", second: "5 16 * * *" },
    foreign: () => table().match(/^.*echo mine\n/m)?.[0] ?? "",
    [Symbol.asyncDispose]: async () => rmSync(user.folder, { recursive: true }),
  });
}
