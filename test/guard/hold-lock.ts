/** Takes the run lock at the path given, says so in a word, and holds it until its input closes. */
import { RunLock } from "../../src/guard/run-lock.ts";

const lock = RunLock.tryTake(process.argv[2] ?? "");
process.stdout.write(lock ? "taken\n" : "refused\n");
if (lock) process.stdin.resume().once("end", () => lock[Symbol.dispose]());
