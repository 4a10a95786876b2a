import { realpathSync } from "node:fs";
import { fail, pass, skip, warn, type Check } from "../check.ts";
import { NO_PIPELINE, trains } from "../trains.ts";

/** Where the wheels of LightGBM and XGBoost look for OpenMP, by the kind of processor. */
const PREFIXES = { arm64: "/opt/homebrew", x64: "/usr/local" } as const;
/** Releases in which LightGBM with several threads hung or crashed (lightgbm issues 4229 and 5764). */
const BROKEN_MAJORS = { from: 12, to: 15 };

/** Whether OpenMP is there, which macOS does not bring and the wheels do not carry. */
export const libompCheck: Check = {
  name: "libomp",
  run: ({ home }) => {
    if (!trains(home)) return Promise.resolve(skip(NO_PIPELINE));
    const prefix = process.arch === "arm64" ? PREFIXES.arm64 : PREFIXES.x64;
    const other = process.arch === "arm64" ? PREFIXES.x64 : PREFIXES.arm64;
    const found = libraryIn(prefix);
    if (found === undefined) {
      const wrong =
        libraryIn(other) === undefined
          ? ""
          : `; the one in ${other} is for another kind of processor`;
      return Promise.resolve(
        fail(
          `there is no libomp in ${prefix}${wrong}`,
          "Get it with: brew install libomp   then: cbi setup",
        ),
      );
    }
    const major = Number(/\/libomp\/(\d+)\./.exec(found)?.[1]);
    if (major >= BROKEN_MAJORS.from && major <= BROKEN_MAJORS.to) {
      return Promise.resolve(
        warn(
          `${found} is of a release with which LightGBM hangs`,
          "Get a newer one: brew upgrade libomp",
        ),
      );
    }
    return Promise.resolve(pass(found));
  },
};

/** Homebrew's link leads to the folder of the version. */
function libraryIn(prefix: string): string | undefined {
  try {
    return realpathSync(`${prefix}/opt/libomp/lib/libomp.dylib`);
  } catch {
    return undefined;
  }
}
