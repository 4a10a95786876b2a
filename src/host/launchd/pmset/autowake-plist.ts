import { parse } from "plist";
import { z } from "zod";
import { POWER_EVENT_TYPES, type RepeatingEvent } from "./sched-text.ts";

const repeatingSchema = z.object({
  eventtype: z.enum(POWER_EVENT_TYPES),
  time: z.int().min(0).max(1439),
  weekdays: z.int().min(1).max(0x7f),
});

const autoWakeSchema = z.object({
  RepeatingPowerOn: repeatingSchema.optional().catch(undefined),
  RepeatingPowerOff: repeatingSchema.optional().catch(undefined),
});

/** Where powerd keeps what is scheduled: by the name of the man page, and by that of its source. */
export const AUTO_WAKE_FILES = [
  "/Library/Preferences/SystemConfiguration/com.apple.AutoWake.plist",
  "/Library/Preferences/SystemConfiguration/com.apple.AutoWake.xml",
] as const;

/**
 * The repeating events of powerd's own file, with the exact days that `pmset -g sched` calls `Some days`
 * (IOPMLibPrivate.h, kIOPMRepeatingPowerOnKey). Undefined for a text that is no such file. The file is
 * never written: powerd holds the state in memory.
 */
export function parseAutoWake(
  xml: string,
): { on: RepeatingEvent | undefined; off: RepeatingEvent | undefined } | undefined {
  if (!xml.trimStart().startsWith("<")) return undefined;
  let value: unknown;
  try {
    value = parse(xml);
  } catch {
    return undefined;
  }
  const read = autoWakeSchema.safeParse(value);
  if (!read.success) return undefined;
  const { RepeatingPowerOn: on, RepeatingPowerOff: off } = read.data;
  return { on: on && repeating(on), off: off && repeating(off) };
}

function repeating({ eventtype, time, weekdays }: z.infer<typeof repeatingSchema>): RepeatingEvent {
  return { type: eventtype, minuteOfDay: time, days: weekdays };
}
