import { homeCalendar } from "../config/calendars.ts";
import type { Home } from "../config/home.ts";
import { assertHomeOf } from "../ledger/home-symbol.ts";
import { Ledger } from "../ledger/ledger.ts";
import { exists } from "../system/files.ts";
import { findCheckpoint, fingerprintOf } from "./checkpoint.ts";
import { toFailure } from "./classify.ts";
import { asOfDay, nightServices, type NightRequest, type NightWorld } from "./night.ts";
import { mayReuse, notReusable } from "./reuse.ts";
import { runFolder } from "./run-files.ts";
import type { StageContext } from "./stage.ts";

/** What a run would do, stage by stage. */
export interface NightPlan {
  as_of: string;
  stages: { name: string; action: "reuse" | "run" | "skip"; reason: string }[];
}

/**
 * Says what `runNight` would do now, and changes nothing. Once a stage has to run, those after it
 * have unknown inputs and are said to run. Throws the refusal that the run would end with.
 */
export async function planNight(
  home: Home,
  request: NightRequest,
  world: NightWorld,
): Promise<NightPlan> {
  const calendar = homeCalendar(home);
  const asOf = asOfDay(request.asOf ?? home.config.as_of, calendar, world.clock.now());
  const services = nightServices(home, calendar, world, world.emit);
  // A home that has never run keeps no trace of the question.
  const hasLedger = await exists(home.paths.ledger);
  using ledger = Ledger.open(hasLedger ? home.paths.ledger : ":memory:");
  assertHomeOf(ledger, home.config.symbol);
  const context: StageContext = {
    ...services,
    run: "plan",
    job: request.job,
    asOf,
    runFolder: runFolder(home.paths, request.job, "plan"),
    ledger,
    executor: () => Promise.reject(new Error("a plan trains nothing")),
    warn: () => undefined,
  };
  const plan: NightPlan = { as_of: asOf, stages: [] };
  const outputs: Record<string, unknown> = {};
  let isKnown = true;
  for (const stage of services.chain.stages) {
    const { name } = stage;
    const wish = mayReuse(request, name);
    if (wish === "skip") {
      plan.stages.push({ name, action: "skip", reason: `only ${request.only} was asked for` });
      continue;
    }
    if (!isKnown || wish === "run") {
      const reason = isKnown ? "asked for" : "a stage before it runs";
      isKnown = false;
      plan.stages.push({ name, action: "run", reason });
      continue;
    }
    try {
      const fingerprint = await fingerprintOf(stage, outputs, context, services.codeHash);
      const found = await findCheckpoint(stage, outputs, context, fingerprint);
      if (wish === "require" && !found) throw notReusable(name, { ...request, asOf });
      isKnown = found !== undefined;
      outputs[name] = found?.output;
      const reason = found ? `done by run ${found.run}` : "inputs, code or settings are new";
      plan.stages.push({ name, action: found ? "reuse" : "run", reason });
    } catch (error) {
      if (wish === "require") throw error;
      isKnown = false;
      plan.stages.push({
        name,
        action: "run",
        reason: `it would fail: ${toFailure(error).message}`,
      });
    }
  }
  return plan;
}
