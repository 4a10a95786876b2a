import type { Clock } from "../system/clock.ts";
import type { HostFile, HostUnit } from "./hosted-home.ts";
import type { Root } from "./root.ts";

/** A unit as its scheduler says it has it. */
export interface RegisteredUnit {
  name: string;
  isLoaded: boolean;
  isEnabled: boolean;
  /** When it rings next, as the scheduler tells it; undefined where it does not tell. */
  next: string | undefined;
  /** In what it has another unit than it was told of, by name; absent where nothing differs. */
  differs?: readonly string[];
  /** Whether it runs now, and how it ended last, where the scheduler tells it. */
  isRunning?: boolean;
  lastEnd?: string;
}

/** How a scheduler is told of units whose files are in place. Everything may be done again. */
export interface Registrar {
  /** Throws a `Failure` with what to do when the scheduler cannot be spoken to. */
  mustAnswer(): Promise<void>;
  /** Keeps the right to tell it anything, which `mustAnswer` may have asked a person for. */
  keepRights?(): Disposable;
  /** Makes it know the units as their files have them now; `changed` are those that differ from before. */
  register(
    units: readonly HostUnit[],
    files: readonly HostFile[],
    changed: ReadonlySet<string>,
  ): Promise<void>;
  /** Makes it forget the units; their files are still there. */
  unregister(units: readonly HostUnit[]): Promise<void>;
  /** Told when files of units have gone. */
  forgetFiles(units: readonly HostUnit[]): Promise<void>;
  read(units: readonly HostUnit[]): Promise<RegisteredUnit[]>;
  /**
   * The names of those units that run now and would be ended by a registration. Absent where one
   * leaves runs alone.
   */
  running?(units: readonly HostUnit[]): Promise<string[]>;
}

/** The world of a registrar. */
export interface RegistrarWorld {
  environment: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
  clock: Clock;
  /** Takes steps as root; without it sudo(8) is asked where this process is not root. */
  root?: Root | undefined;
  /** Whether runs may be ended for what is to be done. */
  isForced?: boolean;
}
