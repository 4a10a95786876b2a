export type EndSignal = "SIGTERM" | "SIGKILL";

/** Sends a signal to one process; one that has ended is no error. */
export function signalProcess(pid: number, signal: EndSignal): void {
  send(pid, signal);
}

/** Sends a signal to every process of the group that `leader` leads; one without members is no error. */
export function signalGroup(leader: number, signal: EndSignal): void {
  send(-leader, signal);
}

function send(target: number, signal: EndSignal): void {
  try {
    process.kill(target, signal);
  } catch {
    // ESRCH: nobody of them is left.
  }
}
