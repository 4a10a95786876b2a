import os from "node:os";
import { findHome, loadHome, type Home, type HomeRequest } from "../../config/home.ts";
import { HomeJobs } from "../../jobs/schedules.ts";
import type { Clock } from "../../system/clock.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import { homePaths } from "../../system/home.ts";
import { version } from "../../system/version.ts";
import { examine, type Check, type Finding } from "../doctor/check.ts";
import { firstRefusal } from "../doctor/files.ts";
import { writeAnswer, type ProbeAnswer } from "./answer.ts";

/**
 * Makes the checks of a home in this process and writes the answer after each. A home whose
 * configuration cannot be read is an answer too. Throws when the answer itself cannot be written.
 */
export async function probeFrom(
  request: HomeRequest,
  checks: readonly Check[],
  file: string,
  options: { clock: Clock; signal: AbortSignal; isOffline: boolean },
): Promise<void> {
  const { environment } = request;
  const answer: ProbeAnswer = {
    schema: 1,
    user: environment["USER"] ?? environment["LOGNAME"] ?? userName(),
    host: environment["CBI_HOST"] ?? "",
    node: process.version,
    version: version(),
    at: "home",
    checks: [],
  };
  const add = async (findings: readonly Finding[], at: string | undefined): Promise<void> => {
    answer.checks.push(...findings);
    if (at === undefined) delete answer.at;
    else answer.at = at;
    await writeAnswer(file, answer);
  };
  await add([], "home");
  const home = await homeOr(request);
  if ("state" in home) return add([home], undefined);
  const world = { ...options, home, jobs: new HomeJobs(home), ledger: undefined, environment };
  for (const check of checks) {
    await add([], check.name);
    answer.checks.push(...(await examine([check], world, () => undefined)));
  }
  await add([], undefined);
}

async function homeOr(request: HomeRequest): Promise<Home | Finding> {
  try {
    return await loadHome(request);
  } catch (error) {
    const root = await findHome(request).catch(() => undefined);
    const paths = root === undefined ? undefined : homePaths(root);
    // What keeps it out says more than that there is no configuration.
    const refused = paths && (await firstRefusal([paths.root], [paths.config]));
    const remedy = error instanceof Failure ? error.remedy : undefined;
    const plain = { state: "fail", evidence: messageOf(error) } as const;
    return { name: "files", ...(refused ?? { ...plain, ...(remedy !== undefined && { remedy }) }) };
  }
}

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return `${process.getuid?.() ?? "unknown"}`;
  }
}
