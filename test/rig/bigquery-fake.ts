import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { queryRows, sqlName, sqlText } from "../../src/system/duckdb.ts";
import { messageOf } from "../../src/system/failure.ts";

/** A call as it arrived. */
export interface SeenCall {
  /** `POST jobs`, `GET datasets/training/tables/wti`, below the project. */
  name: string;
  body: string;
}

/** What goes wrong with a call: answered so, or applied and then cut before the answer. */
export type Fault = "cut" | "dead" | { status: number; reason: string };

interface FakeJob {
  jobId: string;
  configuration: Record<string, unknown>;
  rows: (string | null)[][];
  fields: { name: string; type: string }[];
  error?: { reason: string; message: string };
  polls: number;
  /** What a script's statements wrote to. */
  targets: { projectId: string; datasetId: string; tableId: string }[];
}

const TYPES: Record<string, string> = {
  VARCHAR: "STRING",
  DOUBLE: "FLOAT",
  BIGINT: "INTEGER",
  INTEGER: "INTEGER",
  BOOLEAN: "BOOLEAN",
};

/**
 * The REST calls that we make, answered in this process by an embedded database, with what no emulator
 * does: refusals, slow jobs, byte counts, locations, connections cut after the server applied.
 */
export class FakeBigQuery implements AsyncDisposable {
  readonly calls: SeenCall[] = [];
  /** Asked before each call; the number counts from 1. */
  fault: (call: SeenCall, number: number) => Fault | undefined = () => undefined;
  /** Bytes that every query would process. */
  bytes = 0;
  /** Bytes that every query bills; by default those that it processes. */
  bytesBilled: number | undefined;
  /** Where the rows of a question are said to lie, for the Storage Read API; by default nowhere. */
  destination: { projectId: string; datasetId: string; tableId: string; rows: number } | undefined;
  /** How often a job is still running when it is looked at. */
  pendingPolls = 0;
  /** What happens while a script is about to run, such as another's upload. */
  beforeScript: () => void = () => undefined;
  readonly locations = new Map<string, string>();
  readonly #jobs = new Map<string, FakeJob>();
  readonly #modified = new Map<string, number>();
  readonly #views = new Set<string>();
  readonly #nested = new Map<string, string>();
  readonly #server: Server;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #folder: string;
  #turn: Promise<unknown> = Promise.resolve();
  #version = 0;
  #isDead = false;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, folder: string) {
    this.#instance = instance;
    this.#connection = connection;
    this.#folder = folder;
    this.#server = createServer((request, response) => {
      // One after another, as the effects on one table are.
      this.#turn = this.#turn.then(() => this.#serve(request, response)).catch(() => undefined);
    });
  }

  static async start(): Promise<FakeBigQuery> {
    const instance = await DuckDBInstance.create(":memory:");
    const folder = await mkdtemp(path.join(tmpdir(), "cbi-fake-bigquery-"));
    const fake = new FakeBigQuery(instance, await instance.connect(), folder);
    await new Promise<void>((resolve) => {
      fake.#server.listen(0, "127.0.0.1", () => resolve());
    });
    return fake;
  }

  get rest(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("it does not listen");
    return `http://127.0.0.1:${address.port}`;
  }

  /** Lets nobody connect any more, as on a machine without a network; returns what ends that. */
  async leave(): Promise<() => Promise<void>> {
    const port = Number(new URL(this.rest).port);
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    return () =>
      new Promise((resolve) => {
        this.#server.listen(port, "127.0.0.1", () => resolve());
      });
  }

  /** Lets a server that died after a fault answer again. */
  revive(): void {
    this.#isDead = false;
    this.fault = () => undefined;
  }

  /** The jobs that ran, by the start of their ids. */
  jobs(prefix: string): string[] {
    return [...this.#jobs.keys()].filter((id) => id.startsWith(prefix));
  }

  /** Makes a table one that was written to. */
  touch(name: string): void {
    this.#touch(name);
  }

  /** Says of a column of a table that it is repeated. */
  nest(table: string, column: string): void {
    this.#nested.set(table, column);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#connection.closeSync();
    this.#instance.closeSync();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const url = new URL(request.url ?? "", "http://fake");
    const name = url.pathname.replace(/^(\/upload)?\/bigquery\/v2\/projects\/[^/]+\//, "");
    const call = { name: `${request.method} ${name}`, body: Buffer.concat(chunks).toString() };
    if (this.#isDead) return void request.socket.destroy();
    this.calls.push(call);
    const fault = this.fault(call, this.calls.length);
    if (typeof fault === "object") return answer(response, fault.status, refusal(fault));
    const { status, body } = await this.#apply(call, url);
    if (fault === undefined) return answer(response, status, body);
    this.#isDead = fault === "dead";
    request.socket.destroy();
  }

  async #apply(call: SeenCall, url: URL): Promise<{ status: number; body: unknown }> {
    try {
      return { status: 200, body: await this.#route(call, url) };
    } catch (error) {
      if (error instanceof Refused) return { status: error.status, body: refusal(error) };
      const problem = { status: 400, reason: "invalidQuery", message: messageOf(error) };
      return { status: 400, body: refusal(problem) };
    }
  }

  async #route({ name, body }: SeenCall, url: URL): Promise<unknown> {
    const [method, resource = ""] = name.split(" ");
    const [kind, first = "", , second] = resource.split("/");
    if (kind === "datasets" && method === "POST") {
      return second === undefined && first === ""
        ? this.#createDataset(JSON.parse(body))
        : this.#createTable(JSON.parse(body));
    }
    if (kind === "datasets" && method === "DELETE") return this.#drop(first, second ?? "");
    if (kind === "datasets") {
      return second === undefined ? this.#dataset(first) : this.#table(first, second);
    }
    if (kind === "queries") return this.#page(first, url);
    const parent = url.searchParams.get("parentJobId");
    if (method === "GET" && first === "") return { jobs: parent ? this.#children(parent) : [] };
    if (method === "GET") return this.#shown(this.#job(first));
    if (resource.endsWith("/cancel")) return this.#shown(this.#job(first));
    return this.#start(body);
  }

  async #createDataset(body: {
    datasetReference: { datasetId: string };
    location: string;
  }): Promise<unknown> {
    const id = body.datasetReference.datasetId;
    if (this.locations.has(id)) throw new Refused(409, "duplicate", `Already Exists: ${id}`);
    this.locations.set(id, body.location);
    await this.#connection.run(`CREATE SCHEMA ${sqlName(id)}`);
    return {};
  }

  #dataset(id: string): unknown {
    const location = this.locations.get(id);
    if (location === undefined) throw new Refused(404, "notFound", `Not found: Dataset ${id}`);
    return { location };
  }

  async #createTable(body: {
    tableReference: { datasetId: string; tableId: string };
    schema: { fields: { name: string; type: string }[] };
  }): Promise<unknown> {
    const { datasetId, tableId } = body.tableReference;
    this.#dataset(datasetId);
    const name = `${datasetId}.${tableId}`;
    if (this.#modified.has(name)) throw new Refused(409, "duplicate", `Already Exists: ${name}`);
    const columns = body.schema.fields.map(
      (field) => `${sqlName(field.name)} ${translate(field.type)}`,
    );
    await this.#connection.run(`CREATE TABLE ${quoted(name)} (${columns.join(", ")})`);
    this.#touch(name);
    return {};
  }

  async #drop(dataset: string, table: string): Promise<unknown> {
    if (!this.#modified.has(`${dataset}.${table}`)) {
      throw new Refused(404, "notFound", `Not found: Table ${dataset}.${table}`);
    }
    const kind = this.#views.delete(`${dataset}.${table}`) ? "VIEW" : "TABLE";
    await this.#connection.run(`DROP ${kind} ${quoted(`${dataset}.${table}`)}`);
    this.#modified.delete(`${dataset}.${table}`);
    return {};
  }

  async #table(dataset: string, table: string): Promise<unknown> {
    const name = `${dataset}.${table}`;
    const modified = this.#modified.get(name);
    if (modified === undefined) throw new Refused(404, "notFound", `Not found: Table ${name}`);
    const described = await queryRows(this.#connection, `DESCRIBE SELECT * FROM ${quoted(name)}`);
    const [count] = await queryRows(this.#connection, `SELECT count(*) AS n FROM ${quoted(name)}`);
    return {
      tableReference: { projectId: "test", datasetId: dataset, tableId: table },
      type: this.#views.has(name) ? "VIEW" : "TABLE",
      etag: `"${modified}"`,
      lastModifiedTime: String(modified),
      numRows: String(count?.["n"]),
      schema: {
        fields: described.map((row) => ({
          name: String(row["column_name"]),
          type: TYPES[String(row["column_type"])] ?? String(row["column_type"]),
          ...(this.#nested.get(name) === row["column_name"] ? { mode: "REPEATED" } : {}),
        })),
      },
    };
  }

  async #start(body: string): Promise<unknown> {
    const [json = body, content = ""] = body.startsWith("--") ? parts(body) : [body];
    const { jobReference, configuration } = JSON.parse(json) as {
      jobReference: { jobId?: string };
      configuration: Record<string, unknown> & { dryRun?: boolean };
    };
    const jobId = jobReference.jobId ?? "";
    if (configuration.dryRun) {
      return this.#shown({ jobId, configuration, rows: [], fields: [], polls: 0, targets: [] });
    }
    if (this.#jobs.has(jobId)) throw new Refused(409, "duplicate", `Already Exists: ${jobId}`);
    const job: FakeJob = {
      jobId,
      configuration,
      rows: [],
      fields: [],
      polls: this.pendingPolls,
      targets: [],
    };
    this.#jobs.set(jobId, job);
    try {
      if ("load" in configuration) await this.#load(configuration["load"], content);
      else await this.#query(job, configuration["query"]);
    } catch (error) {
      job.error = { reason: "invalidQuery", message: messageOf(error) };
    }
    return this.#shown(job);
  }

  async #load(load: unknown, content: string): Promise<void> {
    const { destinationTable: table, schema } = load as {
      destinationTable: { datasetId: string; tableId: string };
      schema: { fields: { name: string; type: string }[] };
    };
    const file = path.join(this.#folder, "load.json");
    await writeFile(file, content);
    const name = `${table.datasetId}.${table.tableId}`;
    const columns = schema.fields.map(
      (field) => `${sqlText(field.name)}: ${sqlText(translate(field.type))}`,
    );
    await this.#connection.run(
      `CREATE OR REPLACE TABLE ${quoted(name)} AS SELECT * FROM read_json(${sqlText(file)}, format = 'newline_delimited', columns = {${columns.join(", ")}})`,
    );
    this.#touch(name);
  }

  async #query(job: FakeJob, query: unknown): Promise<void> {
    const sql = translate((query as { query: string }).query);
    if (isScript(sql)) return this.#script(job, sql);
    if (!/^(SELECT|WITH)/.test(sql)) {
      await this.#connection.run(sql);
      const changed = /^(?:MERGE INTO|CREATE OR REPLACE VIEW) "([^"]+)"\."([^"]+)"/.exec(sql);
      if (changed) this.#touch(`${changed[1]}.${changed[2]}`);
      if (changed && sql.startsWith("CREATE")) this.#views.add(`${changed[1]}.${changed[2]}`);
      return;
    }
    const described = await queryRows(this.#connection, `DESCRIBE ${sql}`);
    job.fields = described.map((row) => ({
      name: String(row["column_name"]),
      type: TYPES[String(row["column_type"])] ?? String(row["column_type"]),
    }));
    const texts = job.fields.map(({ name }) => `${sqlName(name)}::VARCHAR`);
    const reader = await this.#connection.runAndReadAll(`SELECT ${texts.join(", ")} FROM (${sql})`);
    job.rows = reader
      .getRows()
      .map((row) => row.map((cell) => (typeof cell === "string" ? cell : null)));
  }

  /** A script whose one variable is a day. */
  async #script(job: FakeJob, sql: string): Promise<void> {
    this.beforeScript();
    const [, name = "", day = "", text = ""] =
      /^DECLARE (\w+) DATE DEFAULT (DATE '[^']+');\s([^]*)$/.exec(sql) ?? [];
    // What a script puts together itself is here put together before.
    const told = text.replaceAll(/EXECUTE IMMEDIATE '([^']*)' \|\| '([^']*)'/g, "$1$2");
    const plain = told.replaceAll(new RegExp(`\\b${name}\\b`, "g"), day);
    await this.#connection.run(plain);
    const written = /(?:CREATE OR REPLACE TABLE|DELETE FROM) "?(\w+)"?\."?(\w+)"?/g;
    for (const [, datasetId = "", tableId = ""] of plain.matchAll(written)) {
      this.#touch(`${datasetId}.${tableId}`);
      job.targets.push({ projectId: "test", datasetId, tableId });
    }
  }

  /** The jobs of a script's statements. */
  #children(jobId: string): unknown[] {
    return this.#job(jobId).targets.map((ddlTargetTable) => ({
      jobReference: { jobId: `${jobId}-child` },
      configuration: {},
      statistics: { query: { ddlTargetTable } },
    }));
  }

  #job(jobId: string): FakeJob {
    const job = this.#jobs.get(jobId);
    if (!job) throw new Refused(404, "notFound", `Not found: Job ${jobId}`);
    return job;
  }

  #shown(job: FakeJob): unknown {
    const isDone = job.polls <= 0;
    job.polls -= 1;
    const { dryRun, query } = job.configuration as { dryRun?: boolean; query?: { query: string } };
    // A dry run of a script tells nothing of its bytes.
    const isUnknown = dryRun === true && isScript(query?.query ?? "");
    const processed = String(isUnknown ? 0 : this.bytes);
    return {
      jobReference: { jobId: job.jobId, location: "US" },
      configuration: this.#located(job.configuration),
      status: {
        state: isDone ? "DONE" : "RUNNING",
        ...(isDone && job.error ? { errorResult: job.error } : {}),
      },
      statistics: {
        totalBytesProcessed: processed,
        query: {
          totalBytesProcessed: processed,
          totalBytesBilled: String(this.bytesBilled ?? this.bytes),
        },
      },
    };
  }

  #located(configuration: Record<string, unknown>): unknown {
    const { query } = configuration as { query?: object };
    if (!query || !this.destination) return configuration;
    const { rows: _rows, ...destinationTable } = this.destination;
    return { ...configuration, query: { ...query, destinationTable } };
  }

  #page(jobId: string, url: URL): unknown {
    const { rows, fields } = this.#job(jobId);
    const from = Number(url.searchParams.get("pageToken") ?? 0);
    const rowsMax = Number(url.searchParams.get("maxResults") ?? 1000);
    const to = from + rowsMax;
    return {
      jobComplete: true,
      schema: { fields },
      totalRows: String(rowsMax === 0 ? (this.destination?.rows ?? rows.length) : rows.length),
      ...(to < rows.length ? { pageToken: String(to) } : {}),
      rows: rows.slice(from, to).map((row) => ({ f: row.map((v) => ({ v })) })),
    };
  }

  #touch(name: string): void {
    this.#version += 1;
    this.#modified.set(name, 1_700_000_000_000 + this.#version);
  }
}

class Refused extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

function refusal({ reason, message }: { reason: string; message?: string }): unknown {
  const text = message ?? `refused: ${reason}`;
  return { error: { message: text, errors: [{ reason, message: text }] } };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/** The JSON and the content of a multipart upload. */
function parts(body: string): string[] {
  return body
    .split(/--cbi-related-part(?:--)?\r\n/)
    .filter((part) => part !== "")
    .map((part) => part.slice(part.indexOf("\r\n\r\n") + 4).replace(/\r\n$/, ""));
}

function quoted(name: string): string {
  return name.split(".").map(sqlName).join(".");
}

function isScript(sql: string): boolean {
  return sql.startsWith("DECLARE ");
}

/** BigQuery's SQL in DuckDB's words, as far as ours goes. */
function translate(sql: string): string {
  return sql
    .replaceAll(/`[^`.]+\.([^`.]+)\.([^`.]+)`/g, '"$1"."$2"')
    .replaceAll(/`([^`]+)`/g, '"$1"')
    .replaceAll("FLOAT64", "DOUBLE")
    .replaceAll(/\bSTRING\b/g, "VARCHAR")
    .replaceAll("IS_NAN(", "isnan(")
    .replaceAll("COUNTIF(", "count_if(");
}
