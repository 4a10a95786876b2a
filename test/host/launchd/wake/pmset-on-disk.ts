/**
 * An executable `pmset` whose powerd is a file: `node pmset-on-disk.ts FILE UID WORDS…`. Calls are noted
 * beside it, a line each.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { pmsetOn, type PowerState } from "../../../rig/mac/powerd.ts";

const [file = "", uid = "0", ...args] = process.argv.slice(2);
const state = JSON.parse(readFileSync(file, "utf8")) as PowerState;
appendFileSync(`${file}.calls`, `${args.join(" ")}\n`);
const { answer, next } = pmsetOn(state, { args, uid: Number(uid) }, Date.now(), []);
if (next) writeFileSync(file, JSON.stringify(next));
process.stdout.write(answer.stdout ?? "");
process.stderr.write(answer.stderr ?? "");
process.exitCode = answer.code;
