/** The number of the process that started itself again, so that it does so once; it is not inherited. */
const STARTED_AGAIN = "CBI_STARTED_AGAIN";

/**
 * Replaces this process by itself, started anew with these variables (execve(2)): its number, parent,
 * terminal and limits stay, so that whoever started it or waits for it sees nothing. For what only a
 * process's start decides. Does nothing the second time, and where the system cannot; to be called
 * before anything is held, since locks go and nothing is cleaned up.
 */
export function startAgain(variables: Readonly<Record<string, string>>): void {
  if (process.platform === "win32" || process.execve === undefined || hasStartedAgain) return;
  const [program, ...words] = process.argv;
  if (program === undefined) return;
  process.execve(program, [program, ...process.execArgv, ...words], {
    ...process.env,
    ...variables,
    [STARTED_AGAIN]: JSON.stringify([process.pid, ...Object.keys(variables)]),
  });
}

let hasStartedAgain = false;

/** Takes what `startAgain` added out of the environment, which is for this process alone. */
export function settleStart(): void {
  const text = process.env[STARTED_AGAIN];
  if (text === undefined) return;
  delete process.env[STARTED_AGAIN];
  const [pid, ...names] = JSON.parse(text) as unknown[];
  // Another's, which it has handed on.
  if (pid !== process.pid) return;
  hasStartedAgain = true;
  for (const name of names) if (typeof name === "string") delete process.env[name];
}

/**
 * One heap of malloc for all threads. With glibc's default of eight a processor, each thread of DuckDB
 * and Node leaves behind what it has once used, a tenth of what an orchestrator may take
 * (mallopt(3), `M_ARENA_MAX`). Nothing outside of Linux, and nothing where a person has set it.
 */
export function oneArena(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> | undefined {
  if (process.platform !== "linux" || environment["MALLOC_ARENA_MAX"] !== undefined) return;
  return { MALLOC_ARENA_MAX: "1" };
}
