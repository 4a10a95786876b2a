import type { Home } from "../../config/home.ts";

export const NO_PIPELINE = "no job of this home is a pipeline";

/** Whether a job of the home trains, and needs the workers and the warehouse. */
export function trains({ config }: Home): boolean {
  return Object.values(config.jobs).some(({ kind }) => kind === "pipeline");
}
