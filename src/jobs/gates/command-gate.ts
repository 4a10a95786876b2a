import path from "node:path";
import type { Gate } from "../../config/gates-schema.ts";
import { parseDurationMs } from "../../config/duration.ts";
import { singleLine } from "../../system/text.ts";
import { readEnvFile } from "../command/dotenv.ts";
import { OutputLines } from "../command/output.ts";
import { startOf } from "../command/prepare.ts";
import { redactorOf } from "../command/redact.ts";
import { supervise, type AttemptEnd } from "../command/supervise.ts";
import type { GateVerdict, Invocation, JobWorld } from "../ports.ts";
import { valuesOf } from "../values.ts";

export type CommandGate = Extract<Gate, { command: unknown }>;

/** EX_TEMPFAIL and EX_NOPERM of sysexits(3). */
const HOLD_CODES: readonly number[] = [75, 77];
const GRACE_MS = 5_000;
const OUTPUT_BYTES_MAX = 64 * 1024;

/**
 * Asks a program, in the job's environment: 0 is pass, 75 and 77 hold, anything else an error, as is one
 * that takes too long. Its last words are the evidence.
 */
export async function askCommandGate(
  gate: CommandGate,
  invocation: Invocation,
  world: JobWorld,
): Promise<GateVerdict> {
  const { settings, home } = invocation;
  const program = settings.kind === "pipeline" ? { env: {}, env_defaults: {} } : settings;
  const envFile = "env_file" in program ? program.env_file : undefined;
  const secrets =
    envFile === undefined ? {} : await readEnvFile(path.resolve(home.paths.root, envFile));
  const start = startOf(
    { ...program, argv: gate.command },
    {
      values: valuesOf(invocation, world.clock.now()),
      isCatchUp: invocation.isCatchUp,
      inherited: world.environment,
      secrets,
      extraArguments: [],
    },
  );
  const sink = { line: () => undefined, cut: () => undefined };
  const lines = new OutputLines(sink, redactorOf(secrets), OUTPUT_BYTES_MAX);
  const limitMs = parseDurationMs(gate.timeout) ?? 0;
  const { end } = await supervise(
    start,
    { deadlineMs: limitMs, silenceMs: Number.POSITIVE_INFINITY, graceMs: GRACE_MS },
    {
      clock: world.clock,
      signal: world.signal,
      onStart: () => undefined,
      onOutput: (stream, chunk) => lines.push(stream, chunk),
    },
  );
  lines.end();
  world.signal.throwIfAborted();
  return judged(end, lines.lastLines().at(-1));
}

function judged(end: AttemptEnd, lastWords: string | undefined): GateVerdict {
  const words = lastWords === undefined ? "" : `: ${singleLine(lastWords, 200)}`;
  if (end.kind !== "exited") return { outcome: "error", evidence: `${endText(end)}${words}` };
  const outcome =
    end.exitCode === 0 ? "pass" : HOLD_CODES.includes(end.exitCode) ? "hold" : "error";
  return { outcome, evidence: `exit code ${end.exitCode}${words}` };
}

function endText(end: Exclude<AttemptEnd, { kind: "exited" }>): string {
  switch (end.kind) {
    case "signalled":
      return `it died of ${end.signal}`;
    case "deadline":
    case "silent":
      return `it took longer than ${end.limitMs / 1000} s`;
    case "not-started":
      return end.reason;
    case "interrupted":
      return "it was stopped";
  }
}
