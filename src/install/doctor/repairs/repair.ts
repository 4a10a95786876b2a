import type { Home } from "../../../config/home.ts";
import type { RegistrarWorld } from "../../../host/registrar.ts";
import type { Prepared } from "../../prepare.ts";
import type { InstallRecord } from "../../record.ts";
import type { SetupWorld } from "../../../workers/setup/world.ts";

/** What repairs look at and use. */
export interface RepairWorld extends RegistrarWorld, SetupWorld {
  home: Home;
  /** Whether the network is left alone. */
  isOffline: boolean;
  /** The installation of this home with what it should be now; undefined where it has none. */
  installed: { prepared: Prepared; record: InstallRecord } | undefined;
}

/** One thing that is not in order and can be mended without a loss. */
export interface Mend {
  /** What is done, as `make the folder /srv/oil/Logs`. */
  what: string;
  readonly mend: () => Promise<void>;
}

/** Finds what of its kind is to be mended. Looking changes nothing. */
export type Repair = (world: RepairWorld) => Promise<Mend[]>;
