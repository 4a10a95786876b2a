import { runCommand } from "../../system/run-command.ts";
import type { RegistrarWorld } from "../registrar.ts";

const CALL_MS = 30_000;

/**
 * Whether a user's manager runs without a login, which is asked for when it does not. `enabled` means
 * that this call has changed it, `refused` that the user may not (loginctl(1), enable-linger).
 */
export async function ensureLinger(
  user: string,
  world: RegistrarWorld,
): Promise<"already" | "enabled" | "refused"> {
  if (await isLingering(user, world)) return "already";
  await loginctl(world, "enable-linger", user);
  return (await isLingering(user, world)) ? "enabled" : "refused";
}

/** Takes back what `ensureLinger` has changed. */
export async function endLinger(user: string, world: RegistrarWorld): Promise<void> {
  await loginctl(world, "disable-linger", user);
}

async function isLingering(user: string, world: RegistrarWorld): Promise<boolean> {
  const { stdout } = await loginctl(world, "show-user", "--property=Linger", user);
  return stdout.trim() === "Linger=yes";
}

async function loginctl(world: RegistrarWorld, ...words: string[]): Promise<{ stdout: string }> {
  return runCommand("loginctl", ["--no-ask-password", ...words], {
    environment: { ...world.environment, LC_ALL: "C" },
    workingDirectory: "/",
    timeoutMs: CALL_MS,
    signal: world.signal,
  });
}
