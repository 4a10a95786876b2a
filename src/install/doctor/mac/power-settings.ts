import { readCustomSettings } from "../../../host/launchd/pmset/pmset.ts";
import { idleSleepMinutes, type PowerSettings } from "../../../host/launchd/pmset/settings-text.ts";
import { pass, skip, warn, type Check } from "../check.ts";

/** A Mac that wakes for a job sleeps again after so long, unless something holds it awake by then. */
const IDLE_MINUTES_MIN = 2;

/** Whether the Mac's own power settings let a night come to its end. */
export const powerSettingsCheck: Check = {
  name: "power",
  run: async ({ home, signal }) => {
    const { ac, battery } = await readCustomSettings(signal);
    if (!ac) return skip("pmset does not say how the Mac sleeps");
    const wantsWake = Object.values(home.config.jobs).some(({ power }) => power.wake);
    const [problem] = problemsOf(ac, wantsWake);
    if (problem) return warn(problem.evidence, problem.remedy);
    const minutes = idleSleepMinutes(ac);
    const idle = minutes === 0 ? "never" : `after ${minutes ?? "an unknown number of"} minutes`;
    return pass(
      `on mains the Mac sleeps ${idle}${battery ? "; on battery jobs are held awake against idleness alone" : ""}`,
    );
  },
};

interface Problem {
  evidence: string;
  remedy: string;
}

function problemsOf(ac: PowerSettings, wantsWake: boolean): Problem[] {
  const minutes = idleSleepMinutes(ac);
  const problems: Problem[] = [];
  if (wantsWake && minutes !== undefined && minutes > 0 && minutes < IDLE_MINUTES_MIN) {
    problems.push({
      evidence: `on mains the Mac sleeps after ${minutes} minute: when it wakes for a job it may sleep again before the job begins`,
      remedy: "Give it longer: sudo pmset -c sleep 10",
    });
  }
  if (ac.get("autorestart") === "0") {
    problems.push({
      evidence: "after a power failure the Mac stays off",
      remedy: "Let it start by itself: sudo pmset -c autorestart 1",
    });
  }
  if (ac.get("lowpowermode") === "1" || ac.get("powermode") === "1") {
    problems.push({
      evidence: "on mains it is in low power mode: training takes longer",
      remedy: "Turn it off: sudo pmset -c lowpowermode 0",
    });
  }
  return problems;
}
