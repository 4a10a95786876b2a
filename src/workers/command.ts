import path from "node:path";
import type { PythonEnvironment } from "./environment.ts";
import type { WorkerCommand } from "./worker.ts";

/** The folder of the workers' package, beside this one in `src/` and in `dist/`. */
export const PYTHON_PACKAGE = path.resolve(import.meta.dirname, "../training/python");

/**
 * Isolated (-I: no PYTHONPATH, no user site, no current folder), unbuffered, and writing no compiled
 * files into our installation.
 */
export const PYTHON_OPTIONS = ["-I", "-u", "-B", "-X", "utf8"] as const;

/** How the workers' package is started with `threads` threads each. */
export function workerCommand(
  python: PythonEnvironment["python"],
  environment: Readonly<Record<string, string | undefined>>,
  threads: number,
): WorkerCommand {
  return {
    command: python,
    args: [...PYTHON_OPTIONS, PYTHON_PACKAGE],
    environment: workerEnvironment(environment, threads),
    workingDirectory: PYTHON_PACKAGE,
  };
}

/**
 * The few variables that a worker needs, so that no secret reaches it, and the number of threads in
 * the words of every OpenMP and BLAS. Passive waiting, because two teams of spinning threads on one
 * processor slow each other tenfold.
 */
export function workerEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  threads: number,
): Record<string, string> {
  const count = String(threads);
  const passed = PASSED.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(passed),
    OMP_NUM_THREADS: count,
    OPENBLAS_NUM_THREADS: count,
    MKL_NUM_THREADS: count,
    VECLIB_MAXIMUM_THREADS: count,
    ARROW_NUM_THREADS: count,
    OMP_WAIT_POLICY: "PASSIVE",
  };
}

const PASSED =
  `PATH HOME TMPDIR LANG LC_ALL LD_LIBRARY_PATH DYLD_LIBRARY_PATH DYLD_FALLBACK_LIBRARY_PATH
  SYSTEMROOT SystemRoot TEMP TMP USERPROFILE`.split(/\s+/);
