import { resolvePythonEnvironment } from "../../workers/environment.ts";
import { pass, skip, type Check } from "./check.ts";
import { NO_PIPELINE, trains } from "./trains.ts";

/** The workers' environment as `cbi setup` left it. */
export const pythonCheck: Check = {
  name: "Python",
  isInside: true,
  run: ({ home, environment }) => {
    if (!trains(home)) return Promise.resolve(skip(NO_PIPELINE));
    const { python, versions } = resolvePythonEnvironment(environment);
    return Promise.resolve(pass(`${versions.python} at ${python}`));
  },
};
