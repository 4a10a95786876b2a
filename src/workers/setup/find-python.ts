import { existsSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { runCommand } from "../../system/run-command.ts";
import { singleLine } from "../../system/text.ts";
import type { SetupWorld } from "./world.ts";

/** An interpreter of the user's that the workers' environment can be built on. */
export interface BasePython {
  /** Its own absolute path, with no shim of a version manager before it. */
  python: string;
  version: string;
}

const MINOR_MIN = 11;

const probeSchema = z.object({
  python: z.string(),
  version: z.tuple([z.int(), z.int(), z.int()]),
  bits: z.int(),
  free_threaded: z.boolean(),
});

/** Asks an interpreter who it is; inside a virtual environment, on whom it is built. */
const PROBE = `
import json, struct, sys, sysconfig
print(json.dumps({
    "python": getattr(sys, "_base_executable", None) or sys.executable,
    "version": list(sys.version_info[:3]),
    "bits": struct.calcsize("P") * 8,
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
}))`;

/**
 * The first Python from 3.11 up: by name on the PATH, on a Mac also where Homebrew and python.org put
 * theirs, on Windows by the launcher. Throws `CBI_PYTHON_MISSING` or `CBI_PYTHON_TOO_OLD`.
 */
export async function findPython(world: SetupWorld): Promise<BasePython> {
  const rejected: string[] = [];
  for (const [command, ...args] of candidates(world)) {
    const found = await probe(command, args, world);
    if (found === undefined) continue;
    if (typeof found === "string") rejected.push(`${command}: ${found}`);
    else return found;
  }
  throw noPython(rejected, world.platform);
}

/** Absolute paths of what may be a Python, each with the arguments that choose a version. */
export function candidates(
  world: Pick<SetupWorld, "environment" | "platform">,
): [string, ...string[]][] {
  const isWindows = world.platform === "win32";
  const folders = (world.environment["PATH"] ?? world.environment["Path"] ?? "")
    .split(isWindows ? ";" : ":")
    .concat(world.platform === "darwin" ? MAC_FOLDERS : [])
    .filter((folder) => path.isAbsolute(folder));
  const named = NAMES.flatMap((name) =>
    folders.map((folder) => path.join(folder, isWindows ? `${name}.exe` : name)),
  )
    // Apple's own is 3.9, and where the developer tools are missing it opens a dialog instead.
    .filter((file) => !(world.platform === "darwin" && file.startsWith("/usr/bin/")))
    .filter((file) => existsSync(file))
    .map((file): [string, ...string[]] => [file]);
  return isWindows
    ? [["py", "-3"], ...named]
    : [...new Map(named.map((one) => [one[0], one])).values()];
}

const NAMES = ["python3.13", "python3.12", "python3.11", "python3.14", "python3", "python"];

const MAC_FOLDERS = [
  "/opt/homebrew/bin",
  "/usr/local/bin",
  "/Library/Frameworks/Python.framework/Versions/3.13/bin",
  "/Library/Frameworks/Python.framework/Versions/3.12/bin",
  "/Library/Frameworks/Python.framework/Versions/3.11/bin",
];

/** The interpreter, a reason against it, or undefined when nothing answers. */
async function probe(
  command: string,
  args: string[],
  world: SetupWorld,
): Promise<BasePython | string | undefined> {
  const end = await runCommand(command, [...args, "-I", "-c", PROBE], {
    environment: world.environment,
    workingDirectory: path.parse(process.execPath).root,
    timeoutMs: 20_000,
    signal: world.signal,
  });
  // A shim of pyenv for a version that is not chosen ends with an error: there is nothing here.
  if (end.exitCode !== 0) return undefined;
  const parsed = parseProbe(end.stdout);
  if (!parsed) return undefined;
  const [major, minor, patch] = parsed.version;
  const version = `${major}.${minor}.${patch}`;
  if (major !== 3 || minor < MINOR_MIN) return `it is Python ${version}`;
  if (parsed.bits !== 64) return `it is a ${parsed.bits}-bit Python`;
  if (parsed.free_threaded)
    return "it is a free-threaded Python, for which the packages are not made";
  return { python: parsed.python, version };
}

function parseProbe(text: string): z.infer<typeof probeSchema> | undefined {
  try {
    return probeSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function noPython(rejected: readonly string[], platform: NodeJS.Platform): Failure {
  const isFound = rejected.length > 0;
  return new Failure({
    code: isFound ? "CBI_PYTHON_TOO_OLD" : "CBI_PYTHON_MISSING",
    message: isFound
      ? `expected Python 3.${MINOR_MIN} or later; found only ${singleLine(rejected.slice(0, 5).join("; "))}`
      : `expected Python 3.${MINOR_MIN} or later; found no Python`,
    remedy: `Get it with: ${INSTALL[platform] ?? INSTALL.linux}   then: cbi setup`,
    exit: ExitCode.failed,
  });
}

const INSTALL: Partial<Record<NodeJS.Platform, string>> & { linux: string } = {
  darwin: "brew install python@3.13",
  win32: "winget install Python.Python.3.13",
  linux: "sudo apt install python3   (or your system's like)",
};
