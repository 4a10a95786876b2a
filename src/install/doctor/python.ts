import { resolvePythonEnvironment } from "../../workers/environment.ts";
import { pass, type Check } from "./check.ts";

/** The workers' environment as `cbi setup` left it. */
export const pythonCheck: Check = {
  name: "Python",
  run: ({ environment }) => {
    const { python, versions } = resolvePythonEnvironment(environment);
    return Promise.resolve(pass(`${versions.python} at ${python}`));
  },
};
