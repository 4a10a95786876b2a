import { currentProcess, effectNow } from "../mac/process.ts";

// In place of src/system/detached.ts: another cbi of the simulated machine, which goes on by itself.

export function startDetached(
  words: readonly string[],
  options: { errorFile: string },
): { pid: number | undefined; ended: Promise<number> } {
  const starter = currentProcess();
  return effectNow(`starting cbi ${words.join(" ")}`, ({ mac }) => {
    mac.disk.makeFolder(options.errorFile.slice(0, options.errorFile.lastIndexOf("/")));
    mac.disk.open(options.errorFile, { isEmptied: true });
    const ended = Promise.withResolvers<number>();
    const child = mac.start(`cbi ${words.join(" ")}`, async (process) =>
      mac.software?.main(process, words),
    );
    child.atDeath(() => {
      if (!starter.isDead) ended.resolve(0);
    });
    return { pid: child.pid, ended: ended.promise };
  });
}
