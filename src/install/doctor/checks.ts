import { activityCheck } from "./activity.ts";
import { calendarsCheck } from "./calendars.ts";
import type { Check } from "./check.ts";
import { clockCheck } from "./clock.ts";
import { credentialsCheck } from "./credentials.ts";
import { diskCheck } from "./disk.ts";
import { filesCheck } from "./files.ts";
import { insideCheck } from "./inside.ts";
import { killSwitchCheck } from "./kill-switch.ts";
import { ledgerCheck } from "./ledger.ts";
import { librariesCheck } from "./libraries.ts";
import { logsCheck } from "./logs.ts";
import { backgroundItemsCheck } from "./mac/background-items.ts";
import { filevaultCheck } from "./mac/filevault.ts";
import { libompCheck } from "./mac/libomp.ts";
import { powerEventsCheck } from "./mac/power-events.ts";
import { powerSettingsCheck } from "./mac/power-settings.ts";
import { networkCheck } from "./network.ts";
import { nextSlotsCheck } from "./next-slots.ts";
import { nodeCheck } from "./node.ts";
import { programCheck } from "./program.ts";
import { pythonCheck } from "./python.ts";
import { schedulerCheck } from "./scheduler.ts";
import { volumeCheck } from "./volume.ts";
import { warehouseCheck } from "./warehouse.ts";
import { wakesCheck } from "./wakes.ts";
import { zoneCheck } from "./zone.ts";

/** What only a Mac has. */
const MAC_CHECKS: readonly Check[] = [
  libompCheck,
  filevaultCheck,
  backgroundItemsCheck,
  powerSettingsCheck,
  powerEventsCheck,
];

/** Every check, what others rest on first. */
export const CHECKS: readonly Check[] = [
  nodeCheck,
  insideCheck,
  pythonCheck,
  librariesCheck,
  filesCheck,
  volumeCheck,
  diskCheck,
  ledgerCheck,
  networkCheck,
  credentialsCheck,
  warehouseCheck,
  calendarsCheck,
  clockCheck,
  zoneCheck,
  programCheck,
  schedulerCheck,
  wakesCheck,
  ...(process.platform === "darwin" ? MAC_CHECKS : []),
  killSwitchCheck,
  activityCheck,
  logsCheck,
  nextSlotsCheck,
];

/** Those that are made from within a scheduler, where one starts the jobs. */
export const INSIDE_CHECKS: readonly Check[] = CHECKS.filter(({ isInside }) => isInside);
