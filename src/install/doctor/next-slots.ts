import { nextSlots } from "../../schedule/slots.ts";
import { utcText } from "../../schedule/wall.ts";
import { pass, skip, warn, type Check } from "./check.ts";

/** When each job is due next. */
export const nextSlotsCheck: Check = {
  name: "next slots",
  run: ({ jobs, clock }) => {
    const scheduled = jobs.names.flatMap((name) => {
      const schedule = jobs.find(name)?.schedule;
      return schedule ? [{ name, slot: nextSlots(schedule, clock.now(), 1)[0] }] : [];
    });
    if (scheduled.length === 0) return Promise.resolve(skip("no job has a schedule"));
    const never = scheduled.find(({ slot }) => slot === undefined);
    if (never) {
      return Promise.resolve(
        warn(`${never.name} is never due again`, `See: cbi next ${never.name} --explain`),
      );
    }
    const seen = scheduled.map(({ name, slot }) => `${name} ${slot ? utcText(slot.dueMs) : ""}`);
    return Promise.resolve(pass(seen.join(", ")));
  },
};
