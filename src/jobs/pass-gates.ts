import { parseDurationMs } from "../config/duration.ts";
import type { Gate } from "../config/gates-schema.ts";
import type { GateVerdict, Gates, Invocation, JobWorld } from "./ports.ts";

const ASK_AGAIN_MS = 60_000;

/** What the gates of a run said together. */
export type GatesVerdict = { passed: true } | { passed: false; reason: string };

/**
 * Asks a run's gates in their order. One that holds is asked again every minute until its `wait` since
 * `sinceMs` is over; one that errs holds, unless the job says in writing that it passes then. What
 * passed before another was waited for is asked again, so that all of them pass when the run starts.
 */
export async function passGates(
  gates: Gates,
  invocation: Invocation,
  world: JobWorld,
  sinceMs: number,
): Promise<GatesVerdict> {
  let isStale: boolean;
  do {
    isStale = false;
    for (const [index, gate] of invocation.settings.gates.entries()) {
      const asked = await askUntil(gates, gate, { invocation, world, sinceMs });
      const { verdict, hasWaited } = asked;
      if (verdict.outcome !== "pass")
        return { passed: false, reason: `gate ${nameOf(gate)}: ${verdict.evidence}` };
      isStale ||= hasWaited && index > 0;
    }
  } while (isStale);
  return { passed: true };
}

async function askUntil(
  gates: Gates,
  gate: Gate,
  at: { invocation: Invocation; world: JobWorld; sinceMs: number },
): Promise<{ verdict: GateVerdict; hasWaited: boolean }> {
  const { world, invocation } = at;
  const endMs = at.sinceMs + (parseDurationMs(gate.wait) ?? 0);
  for (let hasWaited = false; ; hasWaited = true) {
    const verdict = await gates.ask(gate, invocation, world);
    const mayPass = verdict.outcome === "error" && gate.on_error === "pass";
    const said = `gate ${nameOf(gate)}: ${verdict.outcome}: ${verdict.evidence}`;
    world.emit({ event: "note", message: mayPass ? `${said}; it passes on errors` : said });
    if (verdict.outcome === "pass" || mayPass) {
      return { verdict: { ...verdict, outcome: "pass" }, hasWaited };
    }
    const leftMs = endMs - world.clock.now();
    if (leftMs <= 0) return { verdict, hasWaited };
    await world.clock.sleep(Math.min(ASK_AGAIN_MS, leftMs), world.signal);
  }
}

/** The key by which a gate is told from others: `fresh`, `disk`. */
export function nameOf(gate: Gate): string {
  const names = ["output", "fresh", "disk", "ac_power", "confirm", "command"];
  return names.find((name) => name in gate) ?? "gate";
}
