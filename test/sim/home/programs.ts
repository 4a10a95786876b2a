import path from "node:path";
import type { SimProcess } from "../mac/process.ts";
import type { Nights } from "../nights.ts";
import { HOME } from "./config.ts";
import { runService } from "./service-program.ts";

/** What the jobs' commands do: they take a while, say something, leave a file behind, or do not. */
export async function runProgram(
  nights: Nights,
  process: SimProcess,
  argv: readonly string[],
  say: (text: string) => void,
): Promise<number> {
  const { mac } = process;
  const [name = "", date = ""] = argv;
  if (name === "trade") return runService(nights, process, say);
  nights.checks.programStarts(process);
  nights.programStarts(process);
  const trouble = nights.troubleOf("program");
  const clock = mac.clockOf(process);
  const isDeaf = trouble === "hang" && nights.work.is(0.5);
  const signal = isDeaf ? undefined : process.stop.signal;
  try {
    say(`${name} begins\n`);
    for (let step = 0; step < 4; step++) {
      await clock.sleep(nights.work.whole(1, 50) * 1000, signal);
      say(`${name} at step ${step}\n`);
    }
    if (trouble === "babble") say("\u001b[2J\u0000 nothing ".repeat(5000));
    if (trouble === "hang") nights.checks.programHangs(process);
    if (trouble === "hang") await clock.sleep(30 * 24 * 3_600_000, signal);
    if (trouble === "retryable") return 1;
    if (trouble === "fatal") return 2;
  } catch {
    return 143;
  }
  if (name === "scan") {
    mac.disk.makeFolder(path.join(HOME, "out"));
    const file = path.join(HOME, "out", `${date}.json`);
    if (!mac.disk.isFull) {
      const asOf = process.environment["CBI_AS_OF"] ?? "";
      mac.disk.write(mac.disk.open(file), JSON.stringify({ date: asOf }));
    }
  }
  nights.checks.programDone(process);
  return 0;
}
