/** At most so many instants are set at once, none farther off than so many days. */
export const INSTANTS_MAX = 32;
export const HORIZON_DAYS = 14;

const HORIZON_MS = HORIZON_DAYS * 86_400_000;
/** The daemon refuses a list with one instant beyond its horizon, and two clocks are never quite the same. */
const MARGIN_MS = 3_600_000;
/** An instant that is about to come would have passed before the daemon looks; one that is set already stays. */
const SOON_MS = 60_000;

/**
 * The instants to be woken at, of those at which something is due: the next ones, each once, on whole
 * seconds. The Mac is woken at the very minute of a run, since one that is woken earlier may be asleep again
 * by then (`sleep 1`), and what launchd missed in sleep it starts on waking. What was asked for before and is
 * about to come is asked for still, or the daemon would cancel it at the last moment.
 */
export function chooseInstants(
  duesMs: Iterable<number>,
  nowMs: number,
  beforeMs: readonly number[] = [],
): number[] {
  const before = new Set(beforeMs);
  const chosen = new Set<number>();
  for (const dueMs of duesMs) {
    const atMs = Math.ceil(dueMs / 1000) * 1000;
    const afterMs = before.has(atMs) ? nowMs : nowMs + SOON_MS;
    if (atMs > afterMs && atMs < nowMs + HORIZON_MS - MARGIN_MS) chosen.add(atMs);
  }
  return [...chosen].sort((left, right) => left - right).slice(0, INSTANTS_MAX);
}

/**
 * The list as the daemon reads it: seconds since the epoch, one a line, between a first and a last line of
 * its own, so that one that was written by halves is none.
 */
export function instantsText(instantsMs: readonly number[]): string {
  const lines = instantsMs.map((atMs) => `${Math.floor(atMs / 1000)}`);
  return [FIRST_LINE, ...lines, LAST_LINE, ""].join("\n");
}

/** The instants of such a list, or undefined when it is none. */
export function parseInstants(text: string): number[] | undefined {
  const lines = text.split("\n");
  const body = lines.slice(1, -2);
  const isFramed = lines[0] === FIRST_LINE && lines.at(-2) === LAST_LINE && lines.at(-1) === "";
  if (!isFramed || body.length > INSTANTS_MAX) return undefined;
  return body.every((line) => /^[1-9]\d{9}$/.test(line))
    ? body.map((line) => Number(line) * 1000)
    : undefined;
}

export const FIRST_LINE = "wakes";
export const LAST_LINE = "end";
