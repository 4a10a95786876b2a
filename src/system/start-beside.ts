import { spawn } from "node:child_process";

/**
 * Starts a program beside this process and does not wait for its end, whatever that is; its input and
 * outputs are nothing. Gives its number, or undefined when it could not be started.
 */
export async function startBeside(
  program: string,
  words: readonly string[],
): Promise<number | undefined> {
  const child = spawn(program, words, { cwd: "/", stdio: "ignore" });
  const hasStarted = await new Promise<boolean>((resolve) => {
    child.once("spawn", () => resolve(true));
    child.once("error", () => resolve(false));
  });
  child.unref();
  return hasStarted ? child.pid : undefined;
}
