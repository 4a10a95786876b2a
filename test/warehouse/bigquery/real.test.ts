import { test } from "node:test";
import { bigqueryWarehouse } from "../../../src/config/bigquery-schema.ts";
import { emulatorSkip, startLocalBigQuery } from "../../rig/local-bigquery.ts";
import { smoke } from "./smoke.ts";

const {
  CBI_TEST_BIGQUERY_PROJECT: project,
  CBI_TEST_BIGQUERY_DATASET: dataset = "cbi_smoke",
  CBI_TEST_BIGQUERY_LOCATION: location = "US",
  CBI_TEST_BIGQUERY_KEY: file,
} = process.env;

void test(
  "a real project does all that a night asks of it",
  {
    skip:
      project === undefined &&
      "needs credentials: log in by gcloud, or set CBI_TEST_BIGQUERY_KEY, and set CBI_TEST_BIGQUERY_PROJECT (and _DATASET, _LOCATION)",
  },
  async () => {
    const credentials = file === undefined ? {} : { file };
    await smoke(
      bigqueryWarehouse.parse({ kind: "bigquery", project, location, credentials }),
      dataset,
    );
  },
);

const reason = await emulatorSkip();

void test(
  "the test for a real project holds on an emulator",
  { skip: reason ?? false },
  async () => {
    await using server = await startLocalBigQuery();
    const endpoint = { rest: server.rest, storage: server.storage };
    await smoke(
      bigqueryWarehouse.parse({ kind: "bigquery", project: "local", endpoint }),
      "cbi_smoke",
    );
  },
);
