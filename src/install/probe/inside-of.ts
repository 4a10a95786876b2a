import type { Home } from "../../config/home.ts";
import { RunLock } from "../../guard/run-lock.ts";
import type { RegistrarWorld } from "../../host/registrar.ts";
import { messageOf } from "../../system/failure.ts";
import { installLockFile } from "../install-lock.ts";
import { machineFor, ownHost } from "../machine.ts";
import { prepareInstall } from "../prepare.ts";
import { readRecord, type InstallRecord } from "../record.ts";
import { rooted } from "../registrars.ts";
import { askInside, INSIDE, type Inside } from "./ask.ts";

interface InsideWorld extends RegistrarWorld {
  isOffline: boolean;
}

/**
 * What is seen from within the scheduler that a home is installed in, asked when it is first wanted
 * and then kept; undefined where it is installed in none.
 */
export function onceInside(home: Home, world: InsideWorld): () => Promise<Inside | undefined> {
  let asked: Promise<Inside | undefined> | undefined;
  return () => (asked ??= insideOf(home, world));
}

async function insideOf(home: Home, world: InsideWorld): Promise<Inside | undefined> {
  const { appFolder } = machineFor(ownHost(), world.environment);
  const record = await readRecord(appFolder).catch(() => undefined);
  if (record?.home !== home.paths.root) return undefined;
  const { root } = rooted(record.scope, world);
  if (root && !(await root.isAllowed())) {
    const why = `only root may let the machine's ${record.host} start something: sudo -v, then cbi doctor`;
    return unasked(record, why);
  }
  using lock = RunLock.tryTake(installLockFile(appFolder));
  if (!lock) return unasked(record, "an installation is under way");
  const { host, scope } = record;
  const wish = { home, host, scope, environment: world.environment, nowMs: world.clock.now() };
  try {
    const { plan } = await prepareInstall(wish);
    return await askInside(host, plan.home, { isOffline: world.isOffline }, world);
  } catch (error) {
    if (world.signal.aborted) throw error;
    return unasked(record, messageOf(error));
  }
}

function unasked({ host }: InstallRecord, why: string): Inside {
  const start = { name: INSIDE, state: "skip", evidence: why } as const;
  return { host, isInside: false, answer: undefined, start };
}
