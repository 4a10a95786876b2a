import { nearest } from "./nearest.ts";

/** True for an IANA time zone that this Node knows, links such as `US/Eastern` included. */
export function isZone(text: string): boolean {
  // Node also takes offsets such as +05:00, which know no daylight saving and are never meant.
  if (/^[+-]/.test(text)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** The zone that a mistyped `text` most likely meant: near in letters, or a city without its area. */
export function nearestZone(text: string): string | undefined {
  const zones = Intl.supportedValuesOf("timeZone");
  const city = text.trim().replaceAll(" ", "_").toLowerCase();
  return (
    nearest(text.trim().replaceAll(" ", "_"), zones) ??
    zones.find((zone) => zone.toLowerCase().endsWith(`/${city}`))
  );
}
