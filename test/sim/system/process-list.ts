import { lookNow } from "../mac/process.ts";
import { plantedBugs } from "../planted/bugs.ts";

// In place of src/system/process-list.ts: by the environment that processes inherited.

export function descendants({ marks }: { marks: readonly string[] }): number[] {
  if (plantedBugs.has("orphans-live")) return [];
  return lookNow((self) =>
    [...self.mac.processes]
      .filter((one) => one !== self && marks.every((mark) => hasMark(one.environment, mark)))
      .map(({ pid }) => pid),
  );
}

function hasMark(environment: Readonly<Record<string, string>>, mark: string): boolean {
  const [name = "", ...value] = mark.split("=");
  return environment[name] === value.join("=");
}
