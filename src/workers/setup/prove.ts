import { z } from "zod";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { runCommand } from "../../system/run-command.ts";
import { singleLine, withoutControls } from "../../system/text.ts";
import { PYTHON_OPTIONS, PYTHON_PACKAGE, workerEnvironment } from "../command.ts";
import { readyMarkerSchema } from "../environment.ts";
import type { SetupWorld } from "./world.ts";

const proofSchema = z.strictObject({
  versions: readyMarkerSchema.shape.versions,
  hashes: readyMarkerSchema.shape.proof,
});

export type Proof = z.infer<typeof proofSchema>;

/**
 * Trains both libraries with dropout in one process on a small table of real prices, as the workers
 * would. Throws what is missing, by name.
 */
export async function prove(python: string, world: SetupWorld): Promise<Proof> {
  const end = await runCommand(python, [...PYTHON_OPTIONS, PYTHON_PACKAGE, "prove"], {
    environment: workerEnvironment(world.environment, 1),
    workingDirectory: PYTHON_PACKAGE,
    timeoutMs: 300_000,
    signal: world.signal,
  });
  const proof = end.exitCode === 0 ? parse(end.stdout) : undefined;
  if (proof) return proof;
  throw unproven(end.isTimedOut ? "it took longer than 5 minutes" : end.stderr, world.platform);
}

function parse(text: string): Proof | undefined {
  try {
    return proofSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function unproven(output: string, platform: NodeJS.Platform): Failure {
  const said = singleLine(withoutControls(output).trim().split("\n").slice(-3).join(" "), 500);
  // LightGBM's and XGBoost's libraries link OpenMP: libomp on a Mac, libgomp on Linux.
  if (/libomp|libgomp|OpenMP/i.test(output)) {
    const command = platform === "darwin" ? "brew install libomp" : "sudo apt install libgomp1";
    return new Failure({
      code: "CBI_LIBOMP_MISSING",
      message: `the libraries need OpenMP, which this system lacks: ${said}`,
      remedy: `Get it with: ${command}   then: cbi setup`,
      exit: ExitCode.failed,
    });
  }
  return new Failure({
    code: "CBI_SETUP_UNPROVEN",
    message: `the libraries are installed but a trial training failed: ${said}`,
    remedy: "Make the environment anew: cbi setup --force",
    exit: ExitCode.failed,
  });
}
