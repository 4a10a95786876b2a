/**
 * Completes `package-lock.json` with the native packages of other platforms. npm leaves those out that
 * the registry at hand does not offer, and then `npm ci` refuses the lock, here and on a Mac. Their
 * versions are pinned by the packages that want them; run this after every `npm install`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

interface LockEntry {
  version?: string;
  dev?: boolean;
  optionalDependencies?: Record<string, string>;
  [field: string]: unknown;
}

const SYSTEMS = ["android", "darwin", "freebsd", "linux", "openharmony", "win32"];

const file = path.resolve(import.meta.dirname, "..", "..", "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, LockEntry> };
const wanted = Object.values(lock.packages).flatMap((parent) =>
  Object.entries(parent.optionalDependencies ?? {}).map(([name, version]) => ({
    name,
    version,
    isDev: parent.dev === true,
  })),
);
for (const { name, version, isDev } of wanted) {
  const key = `node_modules/${name}`;
  lock.packages[key] ??= { version, ...platformOf(name), ...(isDev ? { dev: true } : {}) };
}
const sorted = Object.entries(lock.packages).sort(([left], [right]) => (left < right ? -1 : 1));
lock.packages = Object.fromEntries(sorted);
writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`);

/** Reads `…-linux-arm64-musl` as npm's own fields, by which it skips what is not for this machine. */
function platformOf(name: string): LockEntry {
  const parts = name.split(/[/-]/);
  // The build of last resort, for which npm has a processor and no system.
  if (parts.includes("wasm32")) return { cpu: ["wasm32"], optional: true };
  const at = parts.findIndex((part) => SYSTEMS.includes(part));
  const [system, processor, variant] = parts.slice(at);
  if (at === -1 || system === undefined || processor === undefined) {
    throw new Error(`${name} names no platform; add it to the lock by npm install`);
  }
  const isLibcKnown = system === "linux" && variant !== undefined;
  const libc = variant?.startsWith("musl") ? "musl" : "glibc";
  return {
    cpu: [processor],
    ...(isLibcKnown ? { libc: [libc] } : {}),
    optional: true,
    os: [system],
  };
}
