import path from "node:path";
import { effectNow, lookNow } from "../mac/process.ts";

// In place of src/system/run-log.ts: a log on the simulated disk, written at once and never synced.

interface RunLog extends Disposable {
  readonly file: string;
  write(entry: Record<string, unknown>): void;
}

export function openRunLog(file: string, complain: (problem: string) => void): RunLog {
  let isBroken = false;
  const contained = (work: () => void): void => {
    try {
      if (!isBroken) work();
    } catch (error) {
      if (lookNow(() => isBroken)) return;
      isBroken = true;
      complain(`the log ${file} cannot be written: ${String(error)}`);
    }
  };
  contained(() =>
    effectNow(`logging to ${file}`, ({ mac }) => mac.disk.makeFolder(path.dirname(file))),
  );
  return {
    file,
    write: (entry) =>
      contained(() =>
        effectNow(`logging to ${path.basename(file)}`, ({ mac }) => {
          const line = `${JSON.stringify({ time: new Date(mac.wallMs).toISOString(), ...entry })}\n`;
          mac.disk.append(mac.disk.open(file), line);
        }),
      ),
    [Symbol.dispose]: () => undefined,
  };
}
