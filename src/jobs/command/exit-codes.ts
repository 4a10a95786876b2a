/** What the end of an attempt means for its job. */
export const END_MEANINGS = ["done", "warn", "skip", "retry", "fatal"] as const;
export type EndMeaning = (typeof END_MEANINGS)[number];

/** What each exit code of a job's command means. */
export interface ExitCodeTable {
  readonly byCode: ReadonlyMap<number, EndMeaning>;
  /** Of a code that the table does not name. */
  readonly otherwise: EndMeaning;
}

/**
 * The tables that programs agree on. `plain`: 0 or not. `cron`: 0 done, 1 try again, 2 do not.
 * `checks`: 0 pass, 1 fail, 2 warn. `sysexits`: sysexits(3), where 69, 71, 74 and 75 may pass with time.
 * A code outside of a table is fatal, since nothing says that time heals it; in `plain` any code but 0
 * may be tried again.
 */
export const EXIT_CODE_PRESETS = {
  plain: table({ 0: "done" }, "retry"),
  cron: table({ 0: "done", 1: "retry", 2: "fatal" }, "fatal"),
  checks: table({ 0: "done", 1: "fatal", 2: "warn" }, "fatal"),
  sysexits: table({ 0: "done", 69: "retry", 71: "retry", 74: "retry", 75: "retry" }, "fatal"),
} as const satisfies Record<string, ExitCodeTable>;

export type ExitCodePreset = keyof typeof EXIT_CODE_PRESETS;

/**
 * The table of a preset, or of single codes as `cbi.yaml` writes them: `{ "0": done, "10": skip, other:
 * fatal }`. Without `other` such a table is `plain` in what it does not name.
 */
export function exitCodeTable(
  chosen: ExitCodePreset | Readonly<Record<string, EndMeaning>>,
): ExitCodeTable {
  if (typeof chosen === "string") return EXIT_CODE_PRESETS[chosen];
  const { other, ...codes } = chosen;
  return table({ 0: "done", ...codes }, other ?? "retry");
}

export function meaningOfExitCode(codes: ExitCodeTable, exitCode: number): EndMeaning {
  return codes.byCode.get(exitCode) ?? codes.otherwise;
}

function table(codes: Readonly<Record<string, EndMeaning>>, otherwise: EndMeaning): ExitCodeTable {
  const entries = Object.entries(codes).map(([code, meaning]) => [Number(code), meaning] as const);
  return { byCode: new Map(entries), otherwise };
}
