import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { Failure } from "../../../src/system/failure.ts";
import { forecast, seed, temporaryFolder } from "../../contract/warehouse.ts";
import { emulatorSkip, startLocalBigQuery } from "../../rig/local-bigquery.ts";
import { bigqueryHome, never, seedTables } from "./home.ts";

const reason = await emulatorSkip();

void test(
  "scripts run on a real server as of the day, and one that deletes forecasts is found out",
  { skip: reason ?? false },
  async () => {
    await using server = await startLocalBigQuery();
    await using folder = await temporaryFolder();
    const prepare = path.join(folder.path, "sql");
    await mkdir(prepare);
    await using home = await bigqueryHome(server, { prepare });
    const { project } = home.settings;
    await seedTables(home, seed());
    await home.open().upload([forecast({})], never);
    const script = path.join(prepare, "10.sql");
    const write = (text: string) => writeFile(script, text);

    await write(
      `CREATE OR REPLACE TABLE \`${project}.training.upto\` AS
       SELECT date, price FROM \`${project}.training.wti\` WHERE date <= as_of;
       CREATE OR REPLACE TABLE \`${project}.training.counted\` AS SELECT max(date) AS newest FROM \`${project}.training.upto\`;`,
    );
    for (const day of ["2024-01-04", "2024-01-03"]) {
      await home.open().prepare(day, never);
      const counted = await home.query(`SELECT newest FROM \`${project}.training.counted\``);
      assert.deepEqual(counted, [{ newest: day }]);
    }

    // What the text does not show, the jobs of the statements do.
    await write(`EXECUTE IMMEDIATE "DELETE FROM \`${project}.predictions.forecasts\` WHERE true";`);
    await assert.rejects(
      home.open().prepare("2024-01-04", never),
      (error) => error instanceof Failure && error.code === "CBI_SQL_NOT_YOURS",
    );
  },
);
