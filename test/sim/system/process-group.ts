import { EventEmitter } from "node:events";
import { effectNow } from "../mac/process.ts";
import type { SimProcess } from "../mac/process.ts";

// In place of src/system/process-group.ts: children of the simulated machine, which lead groups of
// their own and outlive whoever started them.

interface ProcessEnd {
  exitCode: number | null;
  signal: string | null;
}

/** A pipe as far as the product uses one. */
class Pipe extends EventEmitter {
  end(): void {
    this.emit("close");
  }

  destroy(): void {
    this.removeAllListeners();
  }
}

export function spawnGroup(
  command: string,
  args: readonly string[],
  options: { environment: Record<string, string>; workingDirectory: string },
): object {
  return effectNow(`spawning ${command}`, (owner) => {
    const stdout = new Pipe();
    const { mac } = owner;
    const ended = Promise.withResolvers<ProcessEnd>();
    const say = (text: string): void => {
      if (!owner.isDead) owner.run(() => stdout.emit("data", Buffer.from(text)));
    };
    let exitCode: number | null = null;
    const child: SimProcess = mac.start(
      [command, ...args].join(" "),
      async (process) => {
        exitCode = await mac.program(process, [command, ...args], say);
      },
      { environment: options.environment, parent: owner },
    );
    child.atDeath(() => {
      if (owner.isDead) return;
      ended.resolve({ exitCode, signal: exitCode === null ? "SIGKILL" : null });
      owner.run(() => stdout.end());
    });
    const stderr = new Pipe();
    queueMicrotask(() => stderr.end());
    return {
      pid: child.pid,
      stdin: new Pipe(),
      stdout,
      stderr,
      ended: ended.promise,
      kill: (signal: "SIGTERM" | "SIGKILL") => {
        for (const member of mac.group(child.pid)) mac.signal(member, signal);
      },
      hasMembers: () => mac.group(child.pid).length > 0,
    };
  });
}
