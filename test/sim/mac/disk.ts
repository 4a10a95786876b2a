import path from "node:path";
import type { Chance } from "./chance.ts";

export interface DiskFile {
  kind: "file";
  ino: number;
  content: string | Uint8Array;
  mtimeMs: number;
  mode: number;
  /** What a power cut leaves; undefined when nothing of it was ever synced. */
  kept: string | Uint8Array | undefined;
}

export interface DiskFolder {
  kind: "folder";
  ino: number;
  mtimeMs: number;
  entries: Map<string, DiskNode>;
  kept: Map<string, DiskNode>;
}

export type DiskNode = DiskFile | DiskFolder;

/** An error of the system, as Node throws it. */
export function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}

/** How a power cut treats what was not synced: nothing of it stays, or by chance this and that. */
export type Forgetting = "all" | "some";

/**
 * A disk that forgets what was not synced. A file's bytes last when the file is synced, its name when the
 * folder is. A folder that is made lasts with the first sync in it, as on every journalled file
 * system; nothing else comes for free.
 */
export class Disk {
  /** Whether writes fail for want of room. */
  isFull = false;
  /** A planted bug: what is called synced is not. */
  ignoresSync = false;
  readonly #root: DiskFolder;
  readonly #dirty = new Set<DiskNode>();
  /** Folders made since the last sync. */
  #newFolders: { parent: DiskFolder; name: string; folder: DiskFolder }[] = [];
  #inodes = 1;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
    this.#root = this.#folder();
  }

  find(file: string): DiskNode | undefined {
    let node: DiskNode = this.#root;
    for (const name of parts(file)) {
      if (node.kind !== "folder") return undefined;
      const next = node.entries.get(name);
      if (!next) return undefined;
      node = next;
    }
    return node;
  }

  file(name: string): DiskFile {
    const node = this.find(name);
    if (!node) throw systemError("ENOENT", `no such file, '${name}'`);
    if (node.kind === "folder") throw systemError("EISDIR", `a folder, '${name}'`);
    return node;
  }

  folderAt(name: string): DiskFolder {
    const node = this.find(name);
    if (!node) throw systemError("ENOENT", `no such folder, '${name}'`);
    if (node.kind === "file") throw systemError("ENOTDIR", `no folder, '${name}'`);
    return node;
  }

  makeFolder(name: string): void {
    let node: DiskFolder = this.#root;
    for (const part of parts(name)) {
      let next = node.entries.get(part);
      if (!next) {
        this.#mustHaveRoom();
        next = this.#folder();
        this.#setEntry(node, part, next);
        this.#newFolders.push({ parent: node, name: part, folder: next });
      }
      if (next.kind === "file") throw systemError("ENOTDIR", `no folder, '${name}'`);
      node = next;
    }
  }

  /** Makes or opens a file; `isNew` refuses one that is there, `isEmptied` takes its bytes away. */
  open(
    name: string,
    options: { isNew?: boolean; isEmptied?: boolean; mode?: number } = {},
  ): DiskFile {
    const folder = this.folderAt(path.dirname(name));
    const known = folder.entries.get(path.basename(name));
    if (known?.kind === "folder") throw systemError("EISDIR", `a folder, '${name}'`);
    if (known && options.isNew) throw systemError("EEXIST", `the file is there, '${name}'`);
    if (known) {
      if (options.isEmptied) this.#put(known, "");
      return known;
    }
    this.#mustHaveRoom();
    const file: DiskFile = {
      kind: "file",
      ino: this.#inodes++,
      content: "",
      mtimeMs: this.#now(),
      mode: options.mode ?? 0o600,
      kept: undefined,
    };
    this.#setEntry(folder, path.basename(name), file);
    this.#dirty.add(file);
    return file;
  }

  /** Of what does not fit any more a part is there. */
  write(file: DiskFile, content: string | Uint8Array): void {
    if (this.isFull) this.#put(file, content.slice(0, content.length >> 1));
    this.#mustHaveRoom();
    this.#put(file, content);
  }

  append(file: DiskFile, text: string): void {
    this.#mustHaveRoom();
    this.#put(file, textOf(file.content) + text);
  }

  /** As touch(1) does, which needs no room. */
  touch(file: DiskFile): void {
    this.#put(file, file.content);
  }

  rename(from: string, to: string): void {
    const source = this.folderAt(path.dirname(from));
    const target = this.folderAt(path.dirname(to));
    const node = source.entries.get(path.basename(from));
    if (!node) throw systemError("ENOENT", `no such file, '${from}'`);
    const old = target.entries.get(path.basename(to));
    if (old?.kind === "folder" && old.entries.size > 0) throw systemError("ENOTEMPTY", to);
    this.#setEntry(target, path.basename(to), node);
    source.entries.delete(path.basename(from));
    this.#dirty.add(source);
  }

  link(from: string, to: string): void {
    const node = this.file(from);
    const target = this.folderAt(path.dirname(to));
    if (target.entries.has(path.basename(to))) throw systemError("EEXIST", to);
    this.#setEntry(target, path.basename(to), node);
  }

  remove(name: string): boolean {
    const folder = this.find(path.dirname(name));
    if (folder?.kind !== "folder" || !folder.entries.delete(path.basename(name))) return false;
    this.#dirty.add(folder);
    return true;
  }

  sync(node: DiskNode): void {
    if (this.ignoresSync) return;
    if (node.kind === "file") node.kept = node.content;
    else node.kept = new Map(node.entries);
    this.#dirty.delete(node);
    for (const { parent, name, folder } of this.#newFolders) parent.kept.set(name, folder);
    this.#newFolders = [];
  }

  /** The power goes: what was not synced is gone, wholly or by chance. */
  cutPower(chance: Chance, forgetting: Forgetting): void {
    for (const node of this.#dirty) {
      if (node.kind === "folder") forgetEntries(node, chance, forgetting);
      else forgetBytes(node, chance, forgetting);
    }
    this.#dirty.clear();
    this.#newFolders = [];
  }

  /** Every file below a folder, by its whole name. */
  filesBelow(name: string): string[] {
    const node = this.find(name);
    if (node?.kind !== "folder") return [];
    return [...node.entries].flatMap(([entry, child]) => {
      const full = path.join(name, entry);
      return child.kind === "file" ? [full] : this.filesBelow(full);
    });
  }

  #put(file: DiskFile, content: string | Uint8Array): void {
    file.content = content;
    file.mtimeMs = this.#now();
    this.#dirty.add(file);
  }

  #folder(): DiskFolder {
    return {
      kind: "folder",
      ino: this.#inodes++,
      mtimeMs: this.#now(),
      entries: new Map(),
      kept: new Map(),
    };
  }

  #setEntry(folder: DiskFolder, name: string, node: DiskNode): void {
    folder.entries.set(name, node);
    folder.mtimeMs = this.#now();
    this.#dirty.add(folder);
  }

  #mustHaveRoom(): void {
    if (this.isFull) throw systemError("ENOSPC", "no space left on device");
  }
}

export function textOf(content: string | Uint8Array): string {
  return typeof content === "string" ? content : Buffer.from(content).toString("utf8");
}

export function bytesOf(content: string | Uint8Array): Buffer {
  return typeof content === "string" ? Buffer.from(content) : Buffer.from(content);
}

function parts(file: string): string[] {
  return file.split("/").filter((part) => part !== "");
}

function forgetEntries(folder: DiskFolder, chance: Chance, forgetting: Forgetting): void {
  const before = folder.entries;
  const after = new Map(folder.kept);
  if (forgetting === "some") {
    for (const name of new Set([...before.keys(), ...folder.kept.keys()])) {
      if (before.get(name) === folder.kept.get(name) || chance.is(0.5)) continue;
      const now = before.get(name);
      if (now) after.set(name, now);
      else after.delete(name);
    }
  }
  folder.entries = after;
  folder.kept = new Map(after);
}

function forgetBytes(file: DiskFile, chance: Chance, forgetting: Forgetting): void {
  const before = file.content;
  file.content = file.kept ?? "";
  if (forgetting === "some") {
    const luck = chance.whole(0, 2);
    if (luck === 1) file.content = before;
    if (luck === 2) file.content = before.slice(0, chance.whole(0, before.length));
  }
  file.kept = file.content;
}
