import path from "node:path";
import { bytesOf, systemError, textOf, type DiskFile, type DiskNode } from "../mac/disk.ts";
import { effectLater, lookLater } from "../mac/process.ts";
import { removeTree } from "./remove.ts";
import { statsOf, type SimStats } from "./stats.ts";

// In place of node:fs/promises: what the product uses of it, on the disk of the simulated machine.

export async function access(file: string): Promise<void> {
  await stat(file);
}

export async function stat(file: string): Promise<SimStats> {
  return lookLater(({ mac }) => statsOf(there(mac.disk.find(file), file)));
}

/** The simulated disk has no symbolic links. */
export async function lstat(file: string): Promise<SimStats> {
  return stat(file);
}

export async function readFile(file: string, encoding?: string): Promise<string | Uint8Array> {
  return lookLater(({ mac }) => {
    const { content } = mac.disk.file(file);
    return encoding === undefined ? bytesOf(content) : textOf(content);
  });
}

export async function writeFile(file: string, content: string | Uint8Array): Promise<void> {
  const made = await effectLater(`opening ${file}`, ({ mac }) =>
    mac.disk.open(file, { isEmptied: true }),
  );
  await effectLater(`writing ${file}`, ({ mac }) => mac.disk.write(made, content));
}

export async function readdir(
  folder: string,
  options?: { withFileTypes?: boolean },
): Promise<(string | Entry)[]> {
  return lookLater(({ mac }) => {
    const { entries } = mac.disk.folderAt(folder);
    const names = [...entries.keys()].sort();
    if (options?.withFileTypes !== true) return names;
    return names.map((name) => ({
      name,
      parentPath: folder,
      ...statsOf(there(entries.get(name), name)),
    }));
  });
}

type Entry = { name: string; parentPath: string } & SimStats;

export async function mkdir(folder: string): Promise<void> {
  if (await lookLater(({ mac }) => mac.disk.find(folder)?.kind === "folder")) return;
  await effectLater(`mkdir ${folder}`, ({ mac }) => mac.disk.makeFolder(folder));
}

export async function rename(from: string, to: string): Promise<void> {
  await effectLater(`renaming to ${to}`, ({ mac }) => mac.disk.rename(from, to));
}

export async function link(from: string, to: string): Promise<void> {
  await effectLater(`linking ${to}`, ({ mac }) => mac.disk.link(from, to));
}

export async function copyFile(from: string, to: string): Promise<void> {
  await effectLater(`copying to ${to}`, ({ mac }) => {
    mac.disk.write(mac.disk.open(to), mac.disk.file(from).content);
  });
}

export async function rm(file: string, options: { force?: boolean } = {}): Promise<void> {
  await effectLater(`removing ${file}`, ({ mac }) => {
    if (!mac.disk.find(file) && options.force !== true) throw systemError("ENOENT", file);
    removeTree(mac.disk, file);
  });
}

export async function unlink(file: string): Promise<void> {
  await rm(file);
}

export async function utimes(file: string, _atime: number, mtime: number): Promise<void> {
  await effectLater(`touching ${file}`, ({ mac }) => {
    there(mac.disk.find(file), file).mtimeMs = mtime * 1000;
  });
}

export async function statfs(): Promise<{ bavail: number; bsize: number }> {
  return lookLater(({ mac }) => ({ bavail: mac.disk.isFull ? 10 : 100_000_000, bsize: 4096 }));
}

export async function open(name: string, flags: string): Promise<Handle> {
  if (flags === "wx") {
    return new Handle(
      name,
      await effectLater(`opening ${name}`, ({ mac }) => mac.disk.open(name, { isNew: true })),
    );
  }
  return new Handle(name, await lookLater(({ mac }) => there(mac.disk.find(name), name)));
}

/** An open file or folder: it stays the same node when its name goes to another. */
class Handle implements AsyncDisposable {
  readonly #name: string;
  readonly #node: DiskNode;

  constructor(name: string, node: DiskNode) {
    this.#name = name;
    this.#node = node;
  }

  async stat(): Promise<SimStats> {
    return lookLater(() => statsOf(this.#node));
  }

  async readFile(encoding?: string): Promise<string | Uint8Array> {
    return lookLater(() => {
      const { content } = this.#file();
      return encoding === undefined ? bytesOf(content) : textOf(content);
    });
  }

  async writeFile(content: string | Uint8Array): Promise<void> {
    await effectLater(`writing ${path.basename(this.#name)}`, ({ mac }) =>
      mac.disk.write(this.#file(), content),
    );
  }

  async sync(): Promise<void> {
    await effectLater(`syncing ${path.basename(this.#name)}`, ({ mac }) =>
      mac.disk.sync(this.#node),
    );
  }

  async close(): Promise<void> {
    await lookLater(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #file(): DiskFile {
    if (this.#node.kind === "file") return this.#node;
    throw systemError("EISDIR", this.#name);
  }
}

function there(node: DiskNode | undefined, file: string): DiskNode {
  if (node) return node;
  throw systemError("ENOENT", `no such file, '${file}'`);
}
