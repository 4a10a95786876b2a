import path from "node:path";
import { Readable } from "node:stream";
import { bytesOf, systemError, textOf, type DiskFile, type DiskNode } from "../mac/disk.ts";
import { effectNow, lookNow } from "../mac/process.ts";
import { removeTree } from "./remove.ts";
import { statsOf, type SimStats } from "./stats.ts";

// In place of node:fs: what the product uses of it, on the disk of the simulated machine.

export function mkdirSync(folder: string): void {
  if (lookNow(({ mac }) => mac.disk.find(folder)?.kind === "folder")) return;
  effectNow(`mkdir ${folder}`, ({ mac }) => mac.disk.makeFolder(folder));
}

export function existsSync(file: string): boolean {
  return lookNow(({ mac }) => mac.disk.find(file) !== undefined);
}

export function statSync(
  file: string,
  options: { throwIfNoEntry?: boolean } = {},
): SimStats | undefined {
  const node = lookNow(({ mac }) => mac.disk.find(file));
  if (!node && options.throwIfNoEntry === false) return undefined;
  return statsOf(there(node, file));
}

export function readFileSync(file: string): string {
  return lookNow(({ mac }) => textOf(mac.disk.file(file).content));
}

export function readdirSync(folder: string): string[] {
  return lookNow(({ mac }) => [...mac.disk.folderAt(folder).entries.keys()].sort());
}

/** By name or, as `openSync` gives it, by what is open. */
export function writeFileSync(file: string | OpenFile, content: string): void {
  const made = typeof file === "string" ? openSync(file) : file;
  effectNow(`writing ${made.name}`, ({ mac }) => mac.disk.write(made.node, content));
}

interface OpenFile {
  name: string;
  node: DiskFile;
}

export function openSync(file: string, flags = "w"): OpenFile {
  const isNew = flags.includes("x");
  const isEmptied = flags.startsWith("w");
  const node = effectNow(`opening ${file}`, ({ mac }) => mac.disk.open(file, { isNew, isEmptied }));
  return { name: file, node };
}

export function fsyncSync({ name, node }: OpenFile): void {
  effectNow(`syncing ${name}`, ({ mac }) => mac.disk.sync(node));
}

export function closeSync(): void {
  // What is open is forgotten with its process.
}

export function renameSync(from: string, to: string): void {
  effectNow(`renaming to ${to}`, ({ mac }) => mac.disk.rename(from, to));
}

export function unlinkSync(file: string): void {
  effectNow(`unlinking ${file}`, ({ mac }) => {
    if (!mac.disk.remove(file)) throw systemError("ENOENT", file);
  });
}

export function rmSync(file: string): void {
  if (!existsSync(file)) return;
  effectNow(`removing ${file}`, ({ mac }) => removeTree(mac.disk, file));
}

export function copyFileSync(from: string, to: string): void {
  effectNow(`copying to ${to}`, ({ mac }) => {
    mac.disk.write(mac.disk.open(to), mac.disk.file(from).content);
  });
}

export function createReadStream(file: string): Readable {
  try {
    return Readable.from([lookNow(({ mac }) => bytesOf(mac.disk.file(file).content))]);
  } catch (error) {
    return new Readable({
      read() {
        this.destroy(error instanceof Error ? error : new Error(path.basename(file)));
      },
    });
  }
}

function there(node: DiskNode | undefined, file: string): DiskNode {
  if (node) return node;
  throw systemError("ENOENT", `no such file, '${file}'`);
}
