import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "plist";
import type { Fake } from "./fake.ts";

/** `plutil -lint FILE...`: `FILE: OK` on standard output, or what is wrong and 1. */
export const plutil: Fake = {
  answer({ args, cwd }) {
    if (args[0] !== "-lint") return { code: 1, stdout: "Unrecognized option\n" };
    const files = args.slice(1).filter((word) => word !== "-s" && word !== "--");
    const found = files.map((file) => ({ file, fault: faultOf(path.resolve(cwd, file)) }));
    const lines = found.map(({ file, fault }) => `${file}: ${fault ?? "OK"}\n`);
    const isBad = found.some(({ fault }) => fault !== undefined);
    return { code: isBad ? 1 : 0, stdout: lines.join("") };
  },
};

function faultOf(file: string): string | undefined {
  try {
    const text = readFileSync(file, "utf8");
    if (!/<\/plist>\s*$/.test(text)) return "Encountered unexpected EOF";
    parse(text);
    return undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return "file does not exist or is not readable or is not a regular file";
    }
    return `Property List error: Unexpected character at line 1 / JSON error: ${String(error)}`;
  }
}
