import type { RegisteredUnit } from "../../host/registrar.ts";
import type { Scheduled } from "../../install/scheduled.ts";
import type { RunStatus } from "../../ledger/status-schema.ts";
import { singleLine } from "../../system/text.ts";
import type { stylerFor } from "../style.ts";

type Paint = ReturnType<typeof stylerFor>;

/** What the scheduler has, a line for each unit. */
export function scheduledLines({ host, units, trouble }: Scheduled, paint: Paint): string[] {
  if (trouble !== undefined) {
    return ["", `  ${host}  ${paint("yellow", `could not be asked: ${singleLine(trouble)}`)}`];
  }
  const width = Math.max(...units.map(({ name }) => name.length));
  return [
    "",
    ...units.map((unit, index) => {
      const head = index === 0 ? host : " ".repeat(host.length);
      const state = paint(isWell(unit) ? "green" : "yellow", stateOf(unit));
      return `  ${head}  ${unit.name.padEnd(width)}  ${[state, ...factsOf(unit)].join(", ")}`;
    }),
  ];
}

/** The same for programs. */
export function scheduledJson({ host, scope, units, trouble }: Scheduled): RunStatus["scheduler"] {
  return {
    host,
    scope,
    trouble: trouble ?? null,
    units: units.map((unit) => ({
      name: unit.name,
      loaded: unit.isLoaded,
      enabled: unit.isEnabled,
      running: unit.isRunning ?? null,
      last_end: unit.lastEnd ?? null,
      next: unit.next ?? null,
      differs: [...(unit.differs ?? [])],
    })),
  };
}

function isWell({ isLoaded, isEnabled, differs, lastEnd }: RegisteredUnit): boolean {
  const isMisconfigured = lastEnd?.startsWith("78") === true;
  return isLoaded && isEnabled && differs === undefined && !isMisconfigured;
}

function stateOf({ isLoaded, isEnabled, isRunning, differs }: RegisteredUnit): string {
  if (!isLoaded) return "not loaded";
  if (!isEnabled) return "disabled";
  if (differs) return `loaded with another ${differs.join(", ")}`;
  return isRunning === true ? "running" : "loaded";
}

function factsOf({ lastEnd, next }: RegisteredUnit): string[] {
  return [
    ...(lastEnd === undefined ? [] : [`last ended with ${lastEnd}`]),
    ...(next === undefined ? [] : [`next ${next}`]),
  ];
}
