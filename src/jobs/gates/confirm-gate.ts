import { createHash, timingSafeEqual } from "node:crypto";
import path from "node:path";
import type { Gate } from "../../config/gates-schema.ts";
import { readPrivateText } from "../../system/private-file.ts";
import { readEnvFile } from "../command/dotenv.ts";
import type { GateVerdict, Invocation, JobWorld } from "../ports.ts";

export type ConfirmGate = Extract<Gate, { confirm: object }>;

/**
 * Whether the job's variable holds the token that a person put into a file that only its owner may read.
 * Compared in constant time, and never shown. Whatever is wrong holds: an error could be told to pass.
 */
export async function askConfirmGate(
  { confirm: { variable, file } }: ConfirmGate,
  invocation: Invocation,
  world: JobWorld,
): Promise<GateVerdict> {
  const hold = (evidence: string): GateVerdict => ({ outcome: "hold", evidence });
  const given = (await variableOf(variable, invocation, world))?.trim();
  if (given === undefined || given === "") return hold(`${variable} is not set`);
  const text = await readPrivateText(path.resolve(invocation.home.paths.root, file), "owner");
  if (text === undefined) return hold(`${file} is not there`);
  return timingSafeEqual(digest(given), digest(text.trim()))
    ? { outcome: "pass", evidence: `${variable} is what ${file} holds` }
    : hold(`${variable} is not what ${file} holds`);
}

/** Equal lengths, which the comparison needs, and nothing of the texts themselves. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** By the order in which a command's environment is made. */
async function variableOf(
  name: string,
  { settings, home }: Invocation,
  { environment }: JobWorld,
): Promise<string | undefined> {
  if (settings.kind === "pipeline") return environment[name];
  const own = settings.env[name];
  if (own !== undefined) return own;
  const inherited = environment[name] ?? settings.env_defaults[name];
  if (settings.env_file === undefined) return inherited;
  const secrets = await readEnvFile(path.resolve(home.paths.root, settings.env_file));
  return secrets[name] ?? inherited;
}
