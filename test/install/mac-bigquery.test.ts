import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeBigQuery } from "../rig/bigquery-fake.ts";
import { MacBox } from "../rig/mac/box.ts";

const HOME = "/Users/you/oil";

void test(
  "cbi doctor asks BigQuery with a query from within launchd, and tells a network from a login",
  { skip: MacBox.unavailable, timeout: 300_000 },
  async () => {
    await using server = await FakeBigQuery.start();
    await using mac = await MacBox.boot();
    mac.write(
      `${HOME}/cbi.yaml`,
      `version: 1
symbol: WTI
warehouse: { kind: bigquery, project: test-1, create_datasets: true, endpoint: { rest: '${server.rest}' } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
jobs:
  nightly: { kind: pipeline, schedule: ['0 0 * * *'] }
`,
    );
    const words = ["install", "--yes", "--no-setup", "--home", HOME];
    const installed = await mac.cbi(words);
    assert.equal(installed.status, 1, "there are no workers, and no tables");
    assert.match(installed.stdout, /^pass {2}network +127\.0\.0\.1 can be reached/m);
    assert.match(
      installed.stdout,
      /^fail {2}warehouse +table 1w: /m,
      "the login before it is good",
    );
    assert.equal(server.jobs("cbi-check-").length, 1);

    const doctor = async (...more: string[]): Promise<string> =>
      (await mac.cbi(["doctor", "--home", HOME, ...more])).stdout;
    server.fault = ({ name }) =>
      /jobs/.test(name) ? { status: 403, reason: "accessDenied" } : undefined;
    assert.match(await doctor(), /^fail {2}warehouse +inside launchd: login: /m);
    server.fault = () => undefined;
    const back = await server.leave();
    const alone = await doctor();
    await back();
    assert.match(alone, /^fail {2}network +inside launchd: 127\.0\.0\.1 cannot be reached: /m);
    const asked = server.calls.length;
    assert.match(await doctor("--offline"), /^skip {2}warehouse +inside launchd: /m);
    assert.equal(server.calls.length, asked, "nothing was asked");
  },
);
