import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { VersionSource } from "../../src/install/app/place-version.ts";

/**
 * A package as small as can be, with the shapes that a real one has: a dependency, another nested in
 * it, one for another platform that is not there, and a Node that only tells its version.
 */
export function fakePackage(root: string, version: string, code = "1"): VersionSource {
  const write = (file: string, text: string): void => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };
  const dependencies = { a: "1.0.0", node: "24.0.0" };
  write("package.json", JSON.stringify({ name: "cbi", version, files: ["dist"], dependencies }));
  write("dist/cli/cbi.js", `export const code = ${code};\n`);
  write("src/secret.ts", "never copied");
  const optional = { "a-darwin": "1.0.0" };
  const nested = { dependencies: { b: "2.0.0" }, optionalDependencies: optional };
  write("node_modules/a/package.json", JSON.stringify({ name: "a", ...nested }));
  write("node_modules/a/index.js", "a");
  write("node_modules/a/node_modules/b/package.json", JSON.stringify({ name: "b" }));
  write("node_modules/dev-only/package.json", JSON.stringify({ name: "dev-only" }));
  write("node_modules/node/package.json", JSON.stringify({ name: "node" }));
  write("node_modules/node/bin/node", "#!/bin/sh\necho v24.0.0\n");
  chmodSync(path.join(root, "node_modules/node/bin/node"), 0o755);
  return { root, version, execPath: process.execPath };
}
