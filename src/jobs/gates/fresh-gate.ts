import { stat } from "node:fs/promises";
import type { ExpansionValues } from "../../config/expansion.ts";
import type { Gate } from "../../config/gates-schema.ts";
import { parseDurationMs } from "../../config/duration.ts";
import { dayOfWall } from "../../schedule/wall.ts";
import type { Zone } from "../../schedule/zone.ts";
import { messageOf } from "../../system/failure.ts";
import { isErrno } from "../../system/files.ts";
import { readInside } from "../outputs.ts";
import type { GateVerdict } from "../ports.ts";
import { filledIn, pathIn } from "../values.ts";

export type FreshGate = Extract<Gate, { fresh: string }>;

/**
 * Whether a file is of the day that it should be: by the date inside of it where one is named, else by its
 * time, in the job's zone. A file of another day holds, also of a later one; one that cannot be read is an
 * error.
 */
export async function askFreshGate(
  gate: FreshGate,
  values: ExpansionValues,
  zone: Zone,
  nowMs: number,
): Promise<GateVerdict> {
  const name = filledIn(gate.fresh, values);
  const file = pathIn(gate.fresh, values);
  const hold = (evidence: string): GateVerdict => ({ outcome: "hold", evidence });
  const facts = await stat(file).catch((error: unknown) => {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return undefined;
    return messageOf(error);
  });
  if (facts === undefined) return hold(`${name} is not there`);
  if (typeof facts === "string") return { outcome: "error", evidence: facts };
  if (!facts.isFile()) return { outcome: "error", evidence: `${name} is no file` };
  const maxAgeMs = gate.max_age === undefined ? undefined : parseDurationMs(gate.max_age);
  if (maxAgeMs !== undefined) {
    const evidence = `${name} was written ${ago(nowMs - facts.mtimeMs)}`;
    const isFresh = nowMs - facts.mtimeMs <= maxAgeMs;
    return isFresh
      ? { outcome: "pass", evidence }
      : hold(`${evidence}, allowed are ${gate.max_age}`);
  }
  const inside = await readInside(file, gate, zone);
  if (inside && "problem" in inside) {
    return { outcome: "error", evidence: `${name}: ${inside.problem}` };
  }
  const day = inside?.day ?? dayOfWall(zone.wallAt(facts.mtimeMs));
  const expected = filledIn(gate.as_of, values);
  return day === expected
    ? { outcome: "pass", evidence: `${name} is of ${day}` }
    : hold(`${name} is of ${day}, expected ${expected}`);
}

function ago(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 0) return `${-minutes} min in the future`;
  return minutes < 120 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}
