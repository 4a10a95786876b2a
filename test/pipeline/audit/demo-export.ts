import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse } from "yaml";
import type { AuditCheck, AuditReport, DatasetFacts } from "../../../src/audit/report.ts";
import { auditReportSchema } from "../../../src/audit/report.ts";
import { configSchema } from "../../../src/config/schema.ts";
import type { Config } from "../../../src/config/schema.ts";
import { auditExports } from "../../../src/pipeline/audit/audit-exports.ts";
import type { Truncate } from "../../../src/pipeline/audit/truncation.ts";
import { calendarNamed } from "../../../src/schedule/calendar/named.ts";
import { sqlText, withDuckdb } from "../../../src/system/duckdb.ts";
import { homePaths } from "../../../src/system/home.ts";
import { openWarehouse } from "../../../src/warehouse/open.ts";
import type { Warehouse } from "../../../src/warehouse/warehouse.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const SIGNAL = new AbortController().signal;

export interface AuditOptions {
  horizon?: string;
  previous?: DatasetFacts | null | undefined;
  championFeatures?: string[];
  asOf?: string;
  audit?: Partial<Config["audit"]>;
  train?: Partial<Config["train"]>;
  signal?: AbortSignal;
  truncate?: Truncate;
}

/** The demo's real training tables as exports in a folder of their own, to audit and to spoil. */
export class DemoExports implements AsyncDisposable {
  readonly folder: string;
  readonly config: Config;
  #files = 0;

  private constructor(folder: string, config: Config) {
    this.folder = folder;
    this.config = config;
  }

  /** `sql` are more files for the folder with the SQL, by name. */
  static async make(
    asOf = "2025-12-31",
    sql: Readonly<Record<string, string>> = {},
  ): Promise<DemoExports> {
    const folder = await mkdtemp(path.join(tmpdir(), "cbi-audit-"));
    const config = configSchema.parse(parse(await readFile(path.join(ROOT, "cbi.yaml"), "utf8")));
    for (const part of ["raw", "prepare"]) {
      const from = path.join(ROOT, "TrainingData", part);
      await cp(from, path.join(folder, "TrainingData", part), { recursive: true });
    }
    for (const [name, text] of Object.entries(sql)) {
      await writeFile(path.join(folder, "TrainingData", "prepare", name), text);
    }
    const warehouse = openWarehouse(config, homePaths(folder));
    await warehouse.prepare(asOf, SIGNAL);
    for (const horizon of Object.keys(config.horizons)) {
      const file = path.join(folder, `${horizon}.parquet`);
      await warehouse.exportTable({ horizon, asOf, file }, SIGNAL);
    }
    return new DemoExports(folder, config);
  }

  warehouse(): Warehouse {
    return openWarehouse(this.config, homePaths(this.folder));
  }

  file(horizon: string): string {
    return path.join(this.folder, `${horizon}.parquet`);
  }

  /** Writes `query` over the table `export`, the real export of a horizon, as a new Parquet file. */
  async spoil(query: string, horizon = "1m"): Promise<string> {
    this.#files += 1;
    const file = path.join(this.folder, `spoiled-${this.#files}.parquet`);
    await withDuckdb({ file: ":memory:" }, async (connection) => {
      await connection.run(
        `CREATE VIEW export AS SELECT * FROM read_parquet(${sqlText(this.file(horizon))})`,
      );
      await connection.run(`COPY (${query}) TO ${sqlText(file)} (FORMAT parquet)`);
    });
    return file;
  }

  /** Audits files, each as the export of its horizon (1m if not said). */
  async audit(files: readonly string[], options: AuditOptions = {}): Promise<AuditReport> {
    const named = options.horizon ?? "1m";
    const { previous, championFeatures } = options;
    const report = await auditExports({
      run: "test",
      asOf: options.asOf ?? "2025-12-31",
      datasets: files.map((file) => {
        const base = path.basename(file, ".parquet");
        const horizon = base in this.config.horizons ? base : named;
        const horizonRows = this.config.horizons[horizon] ?? 0;
        return { horizon, horizonRows, file, target: `target_${horizon}`, fingerprint: "f00d" };
      }),
      previous: previous ? { [named]: previous } : {},
      championFeatures: championFeatures ? { [named]: championFeatures } : {},
      config: {
        audit: { ...this.config.audit, ...options.audit },
        train: { ...this.config.train, ...options.train },
      },
      calendar: calendarNamed("XNYS"),
      signal: options.signal ?? SIGNAL,
      ...(options.truncate ? { truncate: options.truncate } : {}),
    });
    return auditReportSchema.parse(report);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The failed checks of a report, of every horizon. */
export function failuresOf(report: AuditReport): AuditCheck[] {
  return report.datasets.flatMap(({ checks }) =>
    checks.filter(({ status }) => status === "failed"),
  );
}

/** The first failed check of that name, or an error that lists those there are. */
export function failureOf(report: AuditReport, id: string, column?: string): AuditCheck {
  const found = failuresOf(report).find(
    (check) => check.id === id && (column === undefined || check.column === column),
  );
  if (found) return found;
  const others = failuresOf(report).map((check) => `${check.id}(${check.column ?? ""})`);
  throw new Error(`no failed check ${id}(${column ?? ""}); failed were: ${others.join(", ")}`);
}
