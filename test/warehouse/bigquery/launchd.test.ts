import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createVerify, generateKeyPairSync } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { test } from "node:test";
import { parse } from "plist";
import { z } from "zod";
import { environmentDirectory } from "../../../src/workers/environment.ts";
import { seed, temporaryFolder } from "../../contract/warehouse.ts";
import { FakeBigQuery } from "../../rig/bigquery-fake.ts";
import { bigqueryHome, seedTables } from "./home.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../../..");
const PRELOAD = path.join(REPOSITORY, "test/rig/google-preload.ts");
const CBI = path.join(REPOSITORY, "src/cli/cbi.ts");
const TOKEN = "ya29.of-this-test";
const ROBOT = "robot@my-project.iam.gserviceaccount.com";
const ROBOT_TOKEN = "ya29.of-the-robot";
const plistSchema = z.object({ EnvironmentVariables: z.record(z.string(), z.string()) });

const { publicKey, privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const KEY = {
  type: "service_account",
  project_id: "another-project",
  private_key_id: "1",
  private_key: privateKey,
  client_email: "nightly@my-project.iam.gserviceaccount.com",
  client_id: "1",
};

/** Google's token service, and in front of a fake a door that opens to its tokens alone. */
async function google(
  bigquery: string,
): Promise<AsyncDisposable & { origin: string; logins: (string | undefined)[] }> {
  const logins: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
      const body = Buffer.concat(chunks);
      const say = (status: number, value: unknown): void => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(typeof value === "string" ? value : JSON.stringify(value));
      };
      if (request.url === "/token") {
        if (isSigned(body.toString())) say(200, { access_token: TOKEN, expires_in: 3600 });
        else say(400, { error: "invalid_grant", error_description: "Invalid JWT Signature." });
        return;
      }
      const { authorization } = request.headers;
      if (
        request.url?.endsWith(`/${ROBOT}:generateAccessToken`) &&
        authorization === `Bearer ${TOKEN}`
      ) {
        say(200, { accessToken: ROBOT_TOKEN, expireTime: "2999-01-01T00:00:00Z" });
        return;
      }
      logins.push(authorization);
      if (![TOKEN, ROBOT_TOKEN].some((token) => authorization === `Bearer ${token}`)) {
        say(401, { error: { message: "no login", errors: [{ reason: "authError" }] } });
        return;
      }
      const { method = "GET", url = "" } = request;
      const passed = await fetch(bigquery + url, {
        method,
        headers: { "content-type": request.headers["content-type"] ?? "application/json" },
        ...(body.length > 0 ? { body } : {}),
      });
      say(passed.status, await passed.text());
    })();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve());
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it does not listen");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    logins,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function isSigned(body: string): boolean {
  const [head = "", claims = "", signature = ""] =
    new URLSearchParams(body).get("assertion")?.split(".") ?? [];
  const verify = createVerify("RSA-SHA256").update(`${head}.${claims}`);
  return verify.verify(publicKey, Buffer.from(signature, "base64url"));
}

interface World extends AsyncDisposable {
  /** `cbi` as launchd starts it, with what the plist of a job gives and no more. */
  cbi(words: string[], more?: Record<string, string>): Promise<{ code: number; said: string }>;
  file(name: string): string;
  /** With what BigQuery was asked. */
  logins: (string | undefined)[];
}

async function world(credentials: string): Promise<World> {
  const fake = await FakeBigQuery.start();
  const front = await google(fake.rest);
  const seeded = await bigqueryHome({ rest: fake.rest });
  await seedTables(seeded, seed());
  const folder = await temporaryFolder();
  const file = (name: string): string => path.join(folder.path, name);
  const root = file("home");
  for (const name of ["Logs", "Models", "TrainingData", "user", "bin"]) {
    await mkdir(name === "user" || name === "bin" ? file(name) : path.join(root, name), {
      recursive: true,
    });
  }
  // A gcloud that would help whoever finds it.
  await writeFile(
    file("bin/gcloud"),
    `#!/bin/sh\necho called >>"${file("gcloud-was-called")}"\necho '{}'\n`,
  );
  await chmod(file("bin/gcloud"), 0o755);
  const horizons = JSON.stringify(seeded.config.horizons);
  await writeFile(
    path.join(root, "cbi.yaml"),
    `version: 1
symbol: WTI
warehouse: { kind: bigquery, project: my-project, create_datasets: true, network_wait: 2s, read: rest${credentials} }
price: { table: wti, date: date, column: price }
horizons: ${horizons}
jobs: { nightly: { kind: pipeline, schedule: ['0 0 * * *'] } }
`,
  );
  const text = await readFile(path.join(REPOSITORY, "launchd/com.cbi.nightly.plist"), "utf8");
  const given = plistSchema.parse(parse(text)).EnvironmentVariables;
  return {
    file,
    logins: front.logins,
    cbi: (words, more = {}) =>
      new Promise((resolve) => {
        const environment = { ...given, HOME: file("user"), CBI_STARTS: file("starts"), ...more };
        const command = ["--import", PRELOAD, CBI, ...words, "--home", root];
        execFile(
          process.execPath,
          command,
          { env: { ...environment, CBI_TEST_GOOGLE: front.origin }, cwd: "/" },
          (error, stdout, stderr) => {
            const code = error === null ? 0 : Number(error.code ?? -1);
            resolve({ code, said: stdout + stderr });
          },
        );
      }),
    async [Symbol.asyncDispose]() {
      for (const one of [front, fake, seeded, folder]) await one[Symbol.asyncDispose]();
    },
  };
}

async function writeKey(file: string, mode = 0o600): Promise<void> {
  await writeFile(file, JSON.stringify(KEY));
  await chmod(file, mode);
}

void test("under launchd's environment a service account's key in cbi.yaml is enough", async () => {
  await using one = await world(", credentials: { file: key.json }");
  await writeKey(one.file("home/key.json"));
  const { code, said } = await one.cbi(["warehouse", "check"]);
  assert.equal(code, 0, said);
  assert.match(
    said,
    /good {2}login {8}the project my-project answers a query in US, asked with a service account's key, \S+key\.json/,
  );
  assertSecretless(said);

  await chmod(one.file("home/key.json"), 0o640);
  const open = await one.cbi(["warehouse", "check"]);
  assert.equal(open.code, 69);
  assert.match(open.said, /others may use it \(mode 0640\)\n +Close it: chmod 600 /);

  const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const forged = { ...KEY, private_key: other.export({ type: "pkcs8", format: "pem" }) };
  await writeFile(one.file("home/key.json"), JSON.stringify(forged), { mode: 0o600 });
  await chmod(one.file("home/key.json"), 0o600);
  const refused = await one.cbi(["warehouse", "check"]);
  assert.equal(refused.code, 69);
  assert.match(
    refused.said,
    /Google accepts no credentials of ours: invalid_grant: Invalid JWT Signature/,
  );
  assertSecretless(refused.said);
});

void test("a key that GOOGLE_APPLICATION_CREDENTIALS names is taken, as a plist carries it", async () => {
  await using one = await world("");
  await writeKey(one.file("key.json"));
  const { code, said } = await one.cbi(["warehouse", "check"], {
    GOOGLE_APPLICATION_CREDENTIALS: one.file("key.json"),
  });
  assert.equal(code, 0, said);
  assert.match(said, /asked with a service account's key, \S+key\.json/);
  assertSecretless(said);
});

void test("where gcloud in a terminal's PATH would have helped, the remedy is the login that lasts", async () => {
  await using one = await world("");
  for (const PATH of [undefined, `${one.file("bin")}:/usr/bin:/bin`]) {
    const { code, said } = await one.cbi(["warehouse", "check"], {
      METADATA_SERVER_DETECTION: "none",
      ...(PATH === undefined ? {} : { PATH }),
    });
    assert.equal(code, 69, said);
    assert.match(said, /BAD {3}login {8}Google accepts no credentials of ours/);
    assert.match(
      said,
      /Log in: gcloud auth application-default login, or name a service account's key/,
    );
  }
  await assert.rejects(readFile(one.file("gcloud-was-called")), "gcloud is never started");
});

void test("whom the configuration names is acted as, by a token of its own", async () => {
  await using one = await world(`, credentials: { file: key.json, impersonate: ${ROBOT} }`);
  await writeKey(one.file("home/key.json"));
  const { code, said } = await one.cbi(["warehouse", "check"]);
  assert.equal(code, 0, said);
  assert.match(
    said,
    /asked with a service account's key, \S+key\.json, acting as robot@my-project/,
  );
  assert.deepEqual(new Set(one.logins), new Set([`Bearer ${ROBOT_TOKEN}`]));
});

void test("nothing of a key or a token is left in a home by an export", async () => {
  await using one = await world(", credentials: { file: key.json }");
  await writeKey(one.file("home/key.json"));
  const more = { CBI_PYTHON_ENV: environmentDirectory(process.env) };
  const { code, said } = await one.cbi(["run", "nightly", "--only", "export", "--force"], more);
  assert.equal(code, 0, said);
  assertSecretless(said);
  await rm(one.file("home/key.json"));
  const files = await readdir(one.file("home"), { recursive: true, withFileTypes: true });
  const texts = files.filter((entry) => entry.isFile());
  assert.equal(texts.length > 5, true);
  for (const { parentPath, name } of texts) {
    assertSecretless(await readFile(path.join(parentPath, name), "latin1"));
  }
});

function assertSecretless(said: string): void {
  for (const secret of [TOKEN, KEY.private_key.slice(60, 90), "PRIVATE KEY", "eyJ"]) {
    assert.equal(said.includes(secret), false, secret);
  }
}
