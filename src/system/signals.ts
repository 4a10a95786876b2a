/** Sends a signal to one process; one that has ended is no error. */
export function signalProcess(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: it has ended by itself.
  }
}
