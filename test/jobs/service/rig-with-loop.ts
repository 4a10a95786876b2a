import { z } from "zod";
import { newestAttempts } from "../../../src/ledger/attempts.ts";
import { Ledger } from "../../../src/ledger/ledger.ts";
import { newestRuns } from "../../../src/ledger/runs.ts";
import { newestSlots } from "../../../src/ledger/slots.ts";
import { pollUntil, processesMarked } from "../../rig/processes.ts";
import { Rig } from "../../rig/rig.ts";

const shownSchema = z.object({
  job: z.string(),
  state: z.string(),
  run: z.string().nullable(),
  slot: z.string().nullable(),
  pid: z.number().nullable(),
  keeper_pid: z.number().nullable(),
  supervisor: z.string().nullable(),
  since: z.string().nullable(),
  restarts: z.number(),
  ends: z.string().nullable(),
  reason: z.string().nullable(),
});

const SERVICE = `{ kind: service, schedule: ['0 0 * * *'], zone: UTC, argv: ['${process.execPath}', loop.mjs],
    grace: 1s, restart: { delay: 1s }, gates: [{ command: [test, '!', -e, no-start] }] `;

/** Writes each of its lives down, and speaks every tenth of a second. */
const LOOP = `import { appendFileSync } from "node:fs";
appendFileSync("lives", process.pid + "\\n");
// Without its keeper there is nobody to read what it says.
process.stdout.on("error", () => undefined);
setInterval(() => console.log("here"), 100);
`;

/** A home with the service `loop`, to which `keys` can be added. */
export async function rigWithLoop(
  t: Parameters<typeof Rig.make>[0],
  keys = "",
): Promise<Rig & AsyncDisposable> {
  const config = `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
jobs:
  loop: ${SERVICE} ${keys} }
  other: { kind: command, argv: ['true'] }
`;
  const rig = await Rig.make(t, config);
  await rig.write("loop.mjs", LOOP);
  return rig;
}

/** The living processes of the service itself. */
export function loops(rig: Rig): number[] {
  const ours = new Set(rig.processes());
  return processesMarked("CBI_JOB=loop").filter((pid) => ours.has(pid));
}

/** Waits until the service has begun so many lives and exactly one of it is there. */
export async function untilLife(rig: Rig, lives: number): Promise<void> {
  await pollUntil(`it has begun life ${lives}`, async () => {
    const text = await rig.read("lives").catch(() => "");
    return text.split("\n").length - 1 >= lives && loops(rig).length === 1;
  });
}

/** `cbi service list --json` of the one service. */
export async function shownLoop(rig: Rig): Promise<z.infer<typeof shownSchema>> {
  const { stdout } = await rig.cbi(["service", "list", "--json"]);
  const [first] = z.array(shownSchema).parse(JSON.parse(stdout));
  if (!first) throw new Error("no service is listed");
  return first;
}

/** Lets the slot of the last midnight count, as if the home had been there for two days. */
export async function midnightCounts(rig: Rig): Promise<void> {
  await rig.cbi(["watchdog"]);
  using ledger = Ledger.open(rig.paths.ledger);
  const sinceMs = Date.now() - 36 * 3_600_000;
  ledger.run("UPDATE job SET since_ms = ?, through_ms = ?, next_due_ms = NULL", sinceMs, sinceMs);
}

/** The runs of the service with the ends of their lives, the first first. */
export function runsOf(rig: Rig): { state: string; lives: string[] }[] {
  using ledger = Ledger.open(rig.paths.ledger);
  return newestRuns(ledger, { job: "loop", limit: 50 })
    .toReversed()
    .map(({ id, state }) => ({
      state,
      lives: newestAttempts(ledger, id, 50)
        .toReversed()
        .map(({ reason }) => reason ?? "lives"),
    }));
}

/** The newest slot's verdict with its reason. */
export function newestSlotOf(rig: Rig): string {
  using ledger = Ledger.open(rig.paths.ledger);
  const [slot] = newestSlots(ledger, { job: "loop", limit: 1 });
  return `${slot?.verdict ?? "claimed"}: ${slot?.reason ?? ""}`;
}
