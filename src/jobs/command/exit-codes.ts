import type { CommandJob, EXIT_PRESETS, ExitMeaning } from "../../config/jobs-schema.ts";

/** What each exit code of a job's command means. */
export interface ExitCodeTable {
  readonly byCode: ReadonlyMap<number, ExitMeaning>;
  /** Of a code that the table does not name. */
  readonly otherwise: ExitMeaning;
}

/**
 * The tables that programs agree on. `plain`: 0 or not. `cron`: 0 done, 1 try again, 2 do not. `check`: 0
 * pass, 1 fail, 2 warn. `sysexits`: sysexits(3), where 69, 71, 74 and 75 may pass with time. A code
 * outside of a table is fatal, since nothing says that time heals it; in `plain` any code but 0 may be
 * tried again.
 */
const PRESETS: Readonly<Record<(typeof EXIT_PRESETS)[number], ExitCodeTable>> = {
  plain: table({ 0: "done" }, "retry"),
  cron: table({ 0: "done", 1: "retry", 2: "fatal" }, "fatal"),
  check: table({ 0: "done", 1: "fatal", 2: "warn" }, "fatal"),
  sysexits: table({ 0: "done", 69: "retry", 71: "retry", 74: "retry", 75: "retry" }, "fatal"),
};

/**
 * The table of a preset, or of single codes as `cbi.yaml` writes them: `{ 0: done, 10: skip, other:
 * fatal }`. What such a table does not name is as in `plain`.
 */
export function exitCodeTable(chosen: CommandJob["exit_codes"]): ExitCodeTable {
  if (typeof chosen === "string") return PRESETS[chosen];
  const { other, ...codes } = chosen;
  return table({ 0: "done", ...codes }, other ?? "retry");
}

export function meaningOfExitCode(codes: ExitCodeTable, exitCode: number): ExitMeaning {
  return codes.byCode.get(exitCode) ?? codes.otherwise;
}

function table(
  codes: Readonly<Record<string, ExitMeaning>>,
  otherwise: ExitMeaning,
): ExitCodeTable {
  const entries = Object.entries(codes).map(([code, meaning]) => [Number(code), meaning] as const);
  return { byCode: new Map(entries), otherwise };
}
