import type { ServiceHost } from "../../../src/host/host.ts";
import type { SimProcess } from "../mac/process.ts";
import type { CalendarEntry } from "../mac/launchd.ts";
import type { Nights } from "../nights.ts";

/**
 * What `cbi install` sets up at the host: a label a job, and the watchdog each hour; or where there is no
 * scheduler, whatever keeps `cbi daemon` up.
 */
export function loadLabels(nights: Nights): void {
  const { launchd, swarm, cbi, sweep } = nights;
  launchd.unload();
  if (swarm.parts.has("daemon")) {
    const main = (process: SimProcess) => cbi.daemon(process);
    launchd.load({ name: "cbi daemon", entries: [], runAtLoad: true, keepsAlive: true, main });
    return;
  }
  const load = (
    name: string,
    entries: CalendarEntry[],
    rest: { keepsAlive?: boolean } = {},
  ): void =>
    launchd.load({
      name,
      entries,
      runAtLoad: rest.keepsAlive === true,
      ...rest,
      main: (process: SimProcess) => cbi.scheduled(process, name),
    });
  load("nightly", [{ hour: 0, minute: 0 }]);
  load("report", [{ hour: 0, minute: 0 }]);
  load("scan", [{ hour: 8, minute: 30 }]);
  if (swarm.parts.has("gates")) {
    load("ship", [{ hour: 9, minute: 0 }]);
    load("live", [{ hour: 9, minute: 30 }]);
  }
  if (swarm.parts.has("service")) {
    load("trade", [{ hour: 8, minute: 40 }], { keepsAlive: swarm.hostKeeps });
  }
  const [night, noon] = sweep.minutes;
  if (sweep.isThere) {
    load("sweep", [
      { hour: 2, minute: night },
      { hour: 14, minute: noon },
    ]);
  }
  launchd.load({
    name: "watchdog",
    entries: swarm.watchdogHours.map((hour) => ({ hour, minute: 7 })),
    runAtLoad: swarm.watchdogAtLoad,
    main: (process) => cbi.watchdog(process),
  });
}

/** launchd as the watchdog asks it. */
export function hostOf({ launchd, mac, cbi, swarm }: Nights): ServiceHost {
  return {
    name: "launchd",
    state: (jobs) =>
      Promise.resolve({
        isInUse: true,
        jobs: new Map(jobs.map((job) => [job, { isLoaded: true, isEnabled: true }])),
        canWake: false,
        wakesMs: [],
      }),
    startService: (job) => {
      if (!launchd.kickstart(job)) {
        mac.start(`cbi run ${job}`, (process) => cbi.scheduled(process, job));
      }
      return Promise.resolve({ said: "asked" });
    },
    keeper: () => Promise.resolve(undefined),
    ...(swarm.hostStarts && {
      start: (job: string) => Promise.resolve(launchd.kickstart(job) ? "asked" : undefined),
    }),
  };
}
