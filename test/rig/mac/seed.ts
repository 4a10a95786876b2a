import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { FAKES } from "./fakes.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../../..");
const PASSWD = `root:*:0:0:System Administrator:/var/root:/bin/sh
you:*:501:20:You:/Users/you:/bin/bash
nobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false
`;
const GROUP = "wheel:*:0:root\nstaff:*:20:you\nadmin:*:80:root\n";
const SYSCTL = `#!/bin/sh
[ "$*" = "-n kern.bootsessionuuid" ] || exit 1
read -r id < /proc/sys/kernel/random/boot_id && echo "$id"
`;
/** Everything that is called Node on the Mac. Its own package is found above any folder. */
const NODE = `#!/bin/sh
export NODE_PATH=/opt/mac/modules NODE_OPTIONS="--import=/opt/mac/preload.mjs"
exec /opt/mac/bin/real-node "$@"
`;

/**
 * Lays out below `folder` what the imitated Mac has that this machine has not: its programs, its users,
 * a zone, and `cbi` as npm would have put it there, with a Node that is a script of one line.
 */
export function seed(folder: string, { zone }: { zone: string }): void {
  const write = (file: string, text: string, mode = 0o644): void => {
    const target = path.join(folder, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
    chmodSync(target, mode);
  };
  const text = readFileSync(path.join(import.meta.dirname, "program.sh"), "utf8");
  for (const program of Object.keys(FAKES)) write(resolved(program), text, 0o755);
  // No fake of the brain's: every process asks it at its start for the name of the boot, which is this machine's.
  write(path.join(realpathSync("/usr/sbin"), "sysctl"), SYSCTL, 0o755);
  // The brain takes a caller of this name for the test itself.
  write("opt/mac/control", text, 0o700);
  write("etc/passwd", PASSWD);
  write("etc/group", GROUP);
  symlinkSync(`/usr/share/zoneinfo/${zone}`, path.join(folder, "etc/localtime"));
  // It has no types, and each process of the Mac reads it.
  write("opt/mac/preload.mjs", readFileSync(path.join(import.meta.dirname, "preload.ts"), "utf8"));
  write("usr/local/bin/node", NODE, 0o755);
  write("usr/local/bin/cbi", `#!/bin/sh\nexec node /opt/mac/package/dist/cli/cbi.js "$@"\n`, 0o755);
  // What is native comes from this machine, whatever the Mac asks for.
  const native = path.join(folder, "opt/mac/modules/@duckdb");
  mkdirSync(native, { recursive: true });
  const bindings = `/node_modules/@duckdb/node-bindings-linux-${process.arch}`;
  symlinkSync(bindings, path.join(native, "node-bindings-darwin-arm64"));
  const manifest = readFileSync(path.join(REPOSITORY, "package.json"), "utf8");
  const { name, version } = JSON.parse(manifest) as { name: string; version: string };
  const own = { name, version, type: "module", files: ["dist"], dependencies: { node: "24" } };
  write("opt/mac/package/package.json", JSON.stringify(own));
  write("opt/mac/package/node_modules/node/package.json", JSON.stringify({ name: "node" }));
  write("opt/mac/package/node_modules/node/bin/node", NODE, 0o755);
  const dist = path.join(REPOSITORY, "dist");
  if (!existsSync(dist)) throw new Error("build first: node scripts/build.ts");
  cpSync(dist, path.join(folder, "opt/mac/package/dist"), { recursive: true });
}

/** /bin is a link to /usr/bin on most of today's Linux, and an overlay must not put a folder over it. */
function resolved(program: string): string {
  return path.join("/usr/bin", path.basename(program));
}
