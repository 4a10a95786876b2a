import { lstat, readdir, stat } from "node:fs/promises";
import path from "node:path";
import { decodeUtf8 } from "../../config/decode.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { readBytes } from "../../system/read-bytes.ts";
import { Unit } from "./systemd-unit.ts";
import type { SystemdTexts, UnitTexts } from "./systemd.ts";

/** No schedule that people keep is larger. */
const BYTES_MAX = 256 * 1024;
const DROP_INS_MAX = 50;

/**
 * The text of a schedule's file. Throws `CBI_IMPORT_UNREADABLE` (65) for what is no file, larger than 256 kB, or
 * not UTF-8.
 */
export async function readSource(file: string): Promise<string> {
  // A device or a pipe has no size, and may have no end.
  const facts = await stat(file).catch(() => undefined);
  if (facts && !facts.isFile() && !facts.isDirectory()) throw unreadable(file, "it is no file");
  const read = await readBytes(file, BYTES_MAX);
  if (read.kind === "absent") throw unreadable(file, "there is none");
  if (read.kind === "folder") throw unreadable(file, "it is a folder");
  if (read.kind === "forbidden") throw unreadable(file, "this user may not read it");
  if (read.kind === "too-large") {
    throw unreadable(file, `expected at most ${BYTES_MAX} bytes, got ${read.size}`);
  }
  if (Buffer.from(read.bytes.subarray(0, 6)).toString("latin1") === "bplist") return "bplist";
  const decoded = decodeUtf8(read.bytes);
  if ("text" in decoded) return decoded.text;
  throw unreadable(file, decoded.message);
}

/**
 * A unit with its other half and the drop-ins of both, from the folder that it lies in and no other. The file
 * is a `.timer` or a `.service`.
 */
export async function readUnit(file: string): Promise<SystemdTexts> {
  const extension = path.extname(file);
  if (extension !== ".timer" && extension !== ".service") {
    throw unreadable(file, "expected a file whose name ends in .timer or .service");
  }
  const folder = path.dirname(file);
  const name = path.basename(file, extension);
  const own = await withDropIns(folder, path.basename(file));
  if (extension === ".service") {
    const timerFile = `${name}.timer`;
    const timer = (await isFile(path.join(folder, timerFile)))
      ? await withDropIns(folder, timerFile)
      : [];
    return { name, timer, service: own };
  }
  const named = new Unit(own).last("Timer", "Unit")?.value ?? `${name}.service`;
  // A name with a slash would lead elsewhere; systemd does not take one either.
  const isName = /^[\w@:.-]+\.service$/.test(named);
  const isThere = isName && (await isFile(path.join(folder, named)));
  return { name, timer: own, service: isThere ? await withDropIns(folder, named) : [] };
}

async function withDropIns(folder: string, name: string): Promise<UnitTexts> {
  const texts = [{ name, text: await readSource(path.join(folder, name)) }];
  const below = path.join(folder, `${name}.d`);
  const found = await readdir(below).catch(() => []);
  const dropIns = found.filter((one) => one.endsWith(".conf")).sort();
  for (const one of dropIns.slice(0, DROP_INS_MAX)) {
    if (!(await isFile(path.join(below, one)))) continue;
    texts.push({ name: `${name}.d/${one}`, text: await readSource(path.join(below, one)) });
  }
  return texts;
}

/** A link could lead out of the folder, so it counts as none. */
async function isFile(file: string): Promise<boolean> {
  return lstat(file).then(
    (facts) => facts.isFile(),
    () => false,
  );
}

function unreadable(file: string, found: string): Failure {
  return new Failure({
    code: "CBI_IMPORT_UNREADABLE",
    message: `${file} cannot be imported: ${found}`,
    remedy: "See: cbi import --help",
    exit: ExitCode.dataRefused,
  });
}
