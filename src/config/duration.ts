const UNITS_MS = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
} as const;

/** A whole number and its unit, as the JSON Schema needs it too. */
export const DURATION = /^(\d{1,6})(s|m|h|d|w)$/;

/** Milliseconds of a duration text such as `90s`, `15m` or `26h`; undefined when it is none. */
export function parseDurationMs(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (!match) return undefined;
  return Number(match[1]) * UNITS_MS[match[2] as keyof typeof UNITS_MS];
}
