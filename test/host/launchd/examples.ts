import path from "node:path";
import { launchdFiles } from "../../../src/host/launchd/launchd-files.ts";
import { calendarNamed } from "../../../src/schedule/calendar/named.ts";
import { hostedHome, hostedJob } from "../hosted-home.ts";

/**
 * The files of `launchd/` by name: a night at New York's midnight, a scan before the open, a job every
 * five minutes of the session, a service from before the open on, on a Mac in Berlin.
 */
export function launchdExamples(): Map<string, string> {
  const calendar = calendarNamed("XNYS");
  const never = { power: { wake: false, awake: "never" } as const };
  const home = hostedHome({
    jobs: [
      hostedJob("nightly", { schedule: ["0 0 * * *"] }),
      hostedJob("scan", { schedule: ["open-1h"], days: "session", calendar }, never),
      hostedJob(
        "manage",
        { every: "5m", between: { from: "open-1h", to: "close+1h" }, days: "session", calendar },
        never,
      ),
      hostedJob(
        "execute",
        { schedule: ["open-10m"], days: "session", calendar },
        { ...never, isService: true, stopSeconds: 40 },
      ),
    ],
  });
  const { files } = launchdFiles(home);
  const shown = files.filter(({ isKept }) => isKept !== true);
  return new Map(shown.map(({ path: file, content }) => [path.posix.basename(file), content]));
}
