import { lstat, readdir } from "node:fs/promises";
import path from "node:path";
import { isErrno } from "../../system/files.ts";

/**
 * The folders of a home in which cbi may delete. One that is a symbolic link, or lies behind one
 * within the home, leads to a place that may hold anything: nothing there is given back, and a
 * warning says so. Each link is told once.
 */
export class OwnFolders {
  readonly #root: string;
  readonly #warnings = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  get warnings(): string[] {
    return [...this.#warnings];
  }

  /** Whether the folder is there and cbi's own. */
  async has(folder: string): Promise<boolean> {
    return (await this.stateOf(folder)) === "own";
  }

  /** `linked` when a link is on the way from the home to the folder, or the folder is one. */
  async stateOf(folder: string): Promise<"own" | "absent" | "linked"> {
    let at = this.#root;
    for (const step of path.relative(this.#root, folder).split(path.sep)) {
      at = path.join(at, step);
      const facts = await lstat(at).catch((error: unknown) => {
        if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return undefined;
        throw error;
      });
      if (facts?.isSymbolicLink() === true) {
        const name = path.relative(this.#root, at);
        this.#warnings.add(
          `${name} is a symbolic link, so nothing behind it is given back: make it a folder, or prune what it points to yourself`,
        );
        return "linked";
      }
      if (facts?.isDirectory() !== true) return "absent";
    }
    return "own";
  }

  /** The names in a folder; none where it is not there or not cbi's own. */
  async namesIn(folder: string): Promise<string[]> {
    return (await this.has(folder)) ? readdir(folder) : [];
  }
}
