import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import path from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { bigqueryWarehouse } from "../../../src/config/bigquery-schema.ts";
import { Failure } from "../../../src/system/failure.ts";
import { systemRandom } from "../../../src/system/random.ts";
import { authorization } from "../../../src/warehouse/bigquery/credentials.ts";
import { masked } from "../../../src/warehouse/bigquery/errors.ts";
import { Meter, resultPages, type Session } from "../../../src/warehouse/bigquery/query.ts";
import { BigQueryRest } from "../../../src/warehouse/bigquery/rest.ts";
import { temporaryFolder } from "../../contract/warehouse.ts";
import { ManualClock } from "../../rig/manual-clock.ts";
import { never } from "./home.ts";

const TOKEN = "Bearer ya29.a0-secret_of.this-test";

interface Listening extends AsyncDisposable {
  rest: string;
  seen: (string | undefined)[];
}

/** A server that answers as it likes, and notes with what login it was asked. */
async function listen(answer: RequestListener): Promise<Listening> {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    answer(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve());
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it does not listen");
  return {
    rest: `http://127.0.0.1:${address.port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function ask({ rest }: Listening): BigQueryRest {
  const settings = bigqueryWarehouse.parse({
    kind: "bigquery",
    project: "my-project",
    endpoint: { rest },
    network_wait: "5s",
  });
  const clock = new ManualClock("2026-01-02T05:00:00Z", (ms) => ms < 60_000);
  return new BigQueryRest({
    settings,
    authorization: async () => TOKEN,
    clock,
    random: systemRandom,
  });
}

async function failureOf(server: Listening): Promise<Failure> {
  const call = { method: "GET", path: "jobs/one", signal: never } as const;
  const found = await ask(server)
    .call(z.object({ status: z.object({ state: z.string() }) }), call)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  assert.ok(found instanceof Failure, String(found));
  assert.equal(`${found.message}${found.remedy ?? ""}`.includes("secret_of"), false);
  return found;
}

const answers: [name: string, status: number, body: string, code: string][] = [
  [
    "a page of HTML as a success",
    200,
    "<html><body>Log in to this Wi-Fi</body></html>",
    "CBI_BIGQUERY_BUSY",
  ],
  [
    "an error as a success",
    200,
    '{"error":{"message":"no","errors":[{"reason":"accessDenied"}]}}',
    "CBI_BIGQUERY_DENIED",
  ],
  ["JSON of another shape", 200, '{"status":{"state":7}}', "CBI_BIGQUERY_ANSWER"],
  ["a list", 200, "[]", "CBI_BIGQUERY_ANSWER"],
  ["null", 200, "null", "CBI_BIGQUERY_ANSWER"],
  ["nothing at all", 200, "", "CBI_BIGQUERY_ANSWER"],
  ["an error of HTML", 403, `<h1>${"no ".repeat(100_000)}</h1>`, "CBI_BIGQUERY_DENIED"],
  ["an error of no known shape", 400, '{"error":"no"}', "CBI_BIGQUERY_REFUSED"],
];
for (const [name, status, body, code] of answers) {
  void test(`${name} ends in a failure that says so, and never in a bug`, async () => {
    await using server = await listen((_request, response) => response.writeHead(status).end(body));
    const failure = await failureOf(server);
    assert.equal(failure.code, code);
    assert.equal(failure.message.length < 1000, true);
  });
}

void test("a long message with a token and a key in it is cut, and told without them", async () => {
  const message = `no: ${TOKEN}\n\u001b[31m-----BEGIN PRIVATE KEY-----\nMIIsecret_of\n-----END PRIVATE KEY-----${"x".repeat(1_000_000)}`;
  const body = JSON.stringify({ error: { message, errors: [{ reason: "accessDenied" }] } });
  await using server = await listen((_request, response) => response.writeHead(403).end(body));
  const failure = await failureOf(server);
  assert.match(failure.message, /^BigQuery denies access: no: \*{8} \*{8}x+…$/);
  assert.equal(failure.message.length < 600, true);
});

void test("what looks like a login is masked, and other words are left", () => {
  for (const secret of [
    "ya29.a0Ad_B-c",
    "eyJhbGciOi.eyJpc3Mi.c2ln-_",
    '"private_key": "MII/x+"',
    "refresh_token=1//0g-x",
    "Bearer abc.def",
  ]) {
    assert.equal(/abc|0g|MII|ya29|eyJ/.test(masked(`it says ${secret} here`)), false, secret);
  }
  const plain = "Not found: Table my-project:training.token_prices was not found in location US";
  assert.equal(masked(plain), plain);
});

void test("a redirection is not followed, so that no login goes elsewhere", async () => {
  await using elsewhere = await listen((_request, response) =>
    response.end('{"status":{"state":"DONE"}}'),
  );
  await using server = await listen((_request, response) =>
    response.writeHead(302, { location: `${elsewhere.rest}/portal` }).end(),
  );
  assert.equal((await failureOf(server)).code, "CBI_BIGQUERY_REFUSED");
  assert.deepEqual(elsewhere.seen, []);
  assert.deepEqual(server.seen, [TOKEN]);
});

void test("an answer without an end is left", async () => {
  const piece = Buffer.alloc(1024 * 1024, " ");
  await using server = await listen((_request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(piece));
      response.once("drain", more);
    };
    more();
  });
  const failure = await failureOf(server);
  assert.equal(failure.code, "CBI_BIGQUERY_ANSWER");
  assert.match(failure.message, /over 67108864 bytes/);
});

for (const [name, page] of [
  ["too few rows", { totalRows: "3", rows: [{ f: [{ v: "1" }] }] }],
  ["too many rows", { totalRows: "0", rows: [{ f: [{ v: "1" }] }] }],
  ["pages without rows and without an end", { totalRows: "3", pageToken: "again" }],
  ["the same page for ever", { totalRows: "5", pageToken: "again", rows: [{ f: [] }, { f: [] }] }],
] as const) {
  void test(`a result of ${name} is no result`, async () => {
    await using server = await listen((_request, response) => response.end(JSON.stringify(page)));
    const session: Session = { rest: ask(server), location: "US", bytesMax: 1, meter: new Meter() };
    await assert.rejects(
      async () => {
        for await (const { rows } of resultPages(session, "one", 10, never)) rows.at(0);
      },
      (error) => error instanceof Failure && error.code === "CBI_BIGQUERY_PARTIAL",
    );
  });
}

void test("a result that is not complete yet is asked for again", async () => {
  let asked = 0;
  await using server = await listen((_request, response) => {
    asked += 1;
    const page = { totalRows: "1", rows: [{ f: [{ v: "1" }] }] };
    response.end(JSON.stringify(asked === 1 ? { jobComplete: false } : page));
  });
  const session: Session = { rest: ask(server), location: "US", bytesMax: 1, meter: new Meter() };
  const rows: unknown[][] = [];
  for await (const page of resultPages(session, "one", 10, never)) rows.push(...page.rows);
  assert.deepEqual(rows, [["1"]]);
});

void test("a key's file that is no key is not quoted", async () => {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, "key.json");
  for (const text of [
    "ya29.secret-in-the-wrong-file",
    "-----BEGIN PRIVATE KEY-----secret",
    '{"private_key":"secret',
  ]) {
    await writeFile(file, text, { mode: 0o600 });
    const settings = bigqueryWarehouse.parse({
      kind: "bigquery",
      project: "my-project",
      credentials: { file },
    });
    await assert.rejects(authorization(settings)(), (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.code, "CBI_BIGQUERY_CREDENTIALS");
      assert.match(error.message, /key\.json is no key: it is not JSON$/);
      assert.equal(
        /secret|BEGIN|private/.test(JSON.stringify([error.message, String(error.cause)])),
        false,
      );
      return true;
    });
  }
});
