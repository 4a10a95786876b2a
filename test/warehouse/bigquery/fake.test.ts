import { after } from "node:test";
import { warehouseContract } from "../../contract/warehouse.ts";
import { FakeBigQuery } from "../../rig/bigquery-fake.ts";
import { seededBigQuery } from "./home.ts";

const fakes: FakeBigQuery[] = [];
after(async () => {
  for (const fake of fakes) await fake[Symbol.asyncDispose]();
});

warehouseContract("BigQuery by REST", async (seed) => {
  const fake = await FakeBigQuery.start();
  fakes.push(fake);
  return seededBigQuery({ rest: fake.rest }, seed);
});
