import type { HostedHome, HostFiles } from "../../src/host/hosted-home.ts";
import type { Edition } from "../contract/registrar.ts";
import { hostedHome, hostedJob, knownZone } from "./hosted-home.ts";

/** The files of a home whose night begins at 3:04 or, in the second edition, at 16:05; all in one zone. */
export function twoEditions(
  filesOf: (home: HostedHome) => HostFiles,
  rest: Partial<HostedHome>,
): Readonly<Record<Edition, HostFiles>> {
  const zone = knownZone("UTC");
  const at = (time: string): HostFiles => {
    const power = { wake: false, awake: "ac" } as const;
    const jobs = [hostedJob("nightly", { schedule: [time], zone: "UTC" }, { power })];
    return filesOf(hostedHome({ zone, jobs, ...rest }));
  };
  return { first: at("4 3 * * *"), second: at("5 16 * * *") };
}
