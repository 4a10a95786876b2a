import { registerHooks } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = path.resolve(import.meta.dirname, "..", "..");
const source = path.join(root, "src") + path.sep;

/** What of Node the product sees is the simulated machine's. */
const NODE: Readonly<Record<string, string>> = {
  "node:fs": "node/fs.ts",
  "node:fs/promises": "node/fs-promises.ts",
  "node:sqlite": "node/sqlite.ts",
};

/** What of the product meets the machine by other ways than those: its system folder. */
const SYSTEM: Readonly<Record<string, string>> = {
  "src/system/process-identity.ts": "system/process-identity.ts",
  "src/system/process-group.ts": "system/process-group.ts",
  "src/system/process-list.ts": "system/process-list.ts",
  "src/system/signals.ts": "system/signals.ts",
  "src/system/random.ts": "system/random.ts",
  "src/system/run-log.ts": "system/run-log.ts",
  "src/system/power.ts": "system/power.ts",
  "src/system/uptime.ts": "system/uptime.ts",
  "src/system/detached.ts": "system/detached.ts",
  "src/host/process/ticking.ts": "system/ticking.ts",
};

/** Where the product puts itself together: with the pipeline of the simulation, and its homes. */
const SOFTWARE: Readonly<Record<string, string>> = {
  "src/jobs/open-road.ts": "home/open-road.ts",
  "src/config/home.ts": "home/load-home.ts",
};

/** Between two parts of the product: where a bug can be planted. */
const PLANTED: Readonly<Record<string, string>> = {
  "src/guard/open-kill-switch.ts": "planted/open-kill-switch.ts",
  "src/jobs/check.ts": "planted/check.ts",
  "src/jobs/command/orphans.ts": "planted/orphans.ts",
  "src/jobs/pass-gates.ts": "planted/pass-gates.ts",
  "src/jobs/service/decide.ts": "planted/decide.ts",
  "src/ledger/jobs.ts": "planted/jobs.ts",
  "src/ledger/slots.ts": "planted/slots.ts",
  "src/pipeline/checkpoint.ts": "planted/checkpoint.ts",
  "src/system/awake-time.ts": "planted/awake-time.ts",
  "src/watchdog/alert-edges.ts": "planted/alert-edges.ts",
};

/** They read what is installed, not what lies in a home. */
const INSTALLED = new Set(["src/system/version.ts", "src/system/code-identity.ts"]);

/**
 * From now on whatever of `src` is imported meets the simulated machine in place of Node's files and
 * SQLite, and in place of the system's processes and chance. Nothing of the product is changed for it.
 * To be called before the first import of anything that imports `src`.
 */
export function ownNode(): void {
  registerHooks({
    resolve(specifier, context, next) {
      const importer = context.parentURL?.startsWith("file:")
        ? fileURLToPath(context.parentURL)
        : "";
      if (!importer.startsWith(source)) return next(specifier, context);
      const fake = NODE[specifier];
      if (fake !== undefined) {
        return INSTALLED.has(path.relative(root, importer)) ? next(specifier, context) : own(fake);
      }
      const resolved = next(specifier, context);
      if (!resolved.url.startsWith("file:")) return resolved;
      const file = path.relative(root, fileURLToPath(resolved.url));
      const replaced = SYSTEM[file] ?? SOFTWARE[file] ?? PLANTED[file];
      return replaced === undefined ? resolved : own(replaced);
    },
  });
}

function own(file: string): { url: string; shortCircuit: true } {
  return { url: pathToFileURL(path.join(import.meta.dirname, file)).href, shortCircuit: true };
}
