import { nextSlots } from "../../schedule/slots.ts";
import { utcText } from "../../schedule/wall.ts";
import { hostOf } from "../installed-host.ts";
import { fail, pass, skip, type Check } from "./check.ts";

/** A wake serves a slot when it comes no earlier before it, and no later after it, than this: idle sleep may be a minute. */
const BEFORE_MS = 60_000;
const AFTER_MS = 5 * 60_000;

/** Whether the machine will be woken for the next slot of each job that asks for it. */
export const wakesCheck: Check = {
  name: "wakes",
  run: async ({ home, jobs, clock, environment, signal }) => {
    const waking = jobs.names.flatMap((name) => {
      const { schedule, settings } = jobs.find(name) ?? {};
      if (!schedule || !settings?.enabled || !settings.power.wake) return [];
      return [{ name, slot: nextSlots(schedule, clock.now(), 1)[0] }];
    });
    if (waking.length === 0) return skip("no job asks to have the machine woken");
    const host = await hostOf(home, { clock, environment, signal });
    const state = await host.state(waking.map(({ name }) => name));
    const { isInUse, canWake, wakesMs, wakeRefusal } = state;
    if (!isInUse) return skip("this home is installed in no scheduler");
    if (!canWake) return skip(`${host.name} does not say what will wake the machine`);
    const due = waking.flatMap(({ name, slot }) => (slot ? [{ name, dueMs: slot.dueMs }] : []));
    const unserved = due.find(
      ({ dueMs }) =>
        !wakesMs.some((wakeMs) => wakeMs >= dueMs - BEFORE_MS && wakeMs <= dueMs + AFTER_MS),
    );
    if (unserved) {
      const why = wakeRefusal === undefined ? "" : `: ${wakeRefusal}`;
      return fail(
        `nothing will wake the machine for ${unserved.name} at ${utcText(unserved.dueMs)}${why}`,
        "Ask for it again: cbi watchdog. If it stays so: cbi upgrade",
      );
    }
    const next = wakesMs.find((wakeMs) => wakeMs >= clock.now() - AFTER_MS);
    return pass(
      `${wakesMs.length} are set${next === undefined ? "" : `, the next at ${utcText(next)}`}`,
    );
  },
};
