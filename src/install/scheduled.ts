import type { Home } from "../config/home.ts";
import type { HostScope } from "../host/hosted-home.ts";
import type { RegisteredUnit, RegistrarWorld } from "../host/registrar.ts";
import { messageOf } from "../system/failure.ts";
import { machineFor, ownHost, type HostName } from "./machine.ts";
import { readRecord } from "./record.ts";
import { registrarOf } from "./registrars.ts";

/** What the scheduler has of a home that is installed in it. */
export interface Scheduled {
  host: HostName;
  scope: HostScope;
  units: RegisteredUnit[];
  /** Why it could not be asked; there are no units then. */
  trouble?: string;
}

/** Whoever asks wants an answer soon, or none. */
const PATIENCE_MS = 5_000;

/** Asks the scheduler that a home is installed in; undefined where it is in none. Needs no rights. */
export async function scheduledUnits(
  home: Home,
  world: RegistrarWorld,
): Promise<Scheduled | undefined> {
  const { appFolder } = machineFor(ownHost(), world.environment);
  const record = await readRecord(appFolder).catch(() => undefined);
  if (record?.home !== home.paths.root) return undefined;
  const { host, scope } = record;
  const signal = AbortSignal.any([world.signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const units = await registrarOf(host, scope, { ...world, signal }).read(record.units);
    return { host, scope, units };
  } catch (error) {
    world.signal.throwIfAborted();
    return { host, scope, units: [], trouble: messageOf(error) };
  }
}
