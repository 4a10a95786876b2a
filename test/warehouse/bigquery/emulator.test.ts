import { after, test } from "node:test";
import { warehouseContract } from "../../contract/warehouse.ts";
import { emulatorSkip, type LocalBigQuery, startLocalBigQuery } from "../../rig/local-bigquery.ts";
import { seededBigQuery } from "./home.ts";

const reason = await emulatorSkip();
if (reason !== undefined) {
  void test("BigQuery: the contract holds on a real server", { skip: reason }, () => undefined);
} else {
  let started: Promise<LocalBigQuery> | undefined;
  const server = (): Promise<LocalBigQuery> => (started ??= startLocalBigQuery());
  after(async () => {
    await (await started)?.[Symbol.asyncDispose]();
  });
  warehouseContract("BigQuery", async (seed) => seededBigQuery(await server(), seed));
}
