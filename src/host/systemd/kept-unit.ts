import type { UnitSection } from "./unit-text.ts";

/**
 * For the unit of a service's keeper: so many starts within so many seconds, and systemd gives up until the
 * timer or the watchdog starts it anew. A timer that rings every minute stays below it.
 */
export const KEPT_LIMITS: UnitSection = [
  ["StartLimitIntervalSec", "300"],
  ["StartLimitBurst", "10"],
];

/**
 * How systemd keeps the keeper of a service alive: it starts it again after a signal that nobody sent in
 * order, and after 70, with which a bug ends it; every other exit code is an end that the keeper chose
 * (systemd.service(5), Restart=). What a dead keeper leaves gets TERM, and after the grace KILL, before
 * it is started again, hence `control-group`. A stop in order is the keeper's alone: `ExecStop` tells it
 * and waits, so that nothing is told twice. It runs also after an end in order, without a MAINPID.
 */
export const KEPT_SETTINGS: UnitSection = [
  ["Restart", "on-abnormal"],
  ["RestartForceExitStatus", "70"],
  // Told to end, which is no failure of it either.
  ["SuccessExitStatus", "130"],
  ["RestartSec", "2"],
  ["KillMode", "control-group"],
  [
    "ExecStop",
    `-/bin/sh -c 'test -z "$MAINPID" || { kill -TERM "$MAINPID" && exec tail --pid="$MAINPID" -f /dev/null; }'`,
  ],
];
