import { findHome, type Home } from "../config/home.ts";
import type { KillOrder } from "../guard/kill-switch.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure, messageOf } from "../system/failure.ts";
import { homePaths, type HomePaths } from "../system/home.ts";
import type { CommandContext, CommandInput } from "./command.ts";
import { homeOf } from "./home.ts";
import { textOption, unknownName } from "./options.ts";

/** The home that is meant, with its configuration where that is valid. */
export async function homeToPause(
  context: CommandContext,
  input: CommandInput,
): Promise<{ paths: HomePaths; home: Home | undefined }> {
  try {
    const home = await homeOf(context, input);
    return { paths: home.paths, home };
  } catch (error) {
    const root = await findHome({
      environment: context.environment,
      workingDirectory: context.workingDirectory,
      homeOption: textOption(input, "home"),
    });
    context.remark(`cbi: names are not checked, since cbi.yaml cannot be: ${messageOf(error)}`);
    return { paths: homePaths(root), home: undefined };
  }
}

/** What `--job` and `--tag` choose. Throws 64 for both, and for a name that the home does not have. */
export function scopeOf(
  input: CommandInput,
  home: Home | undefined,
): Pick<KillOrder, "scope" | "name"> {
  const [job, tag] = [textOption(input, "job"), textOption(input, "tag")];
  if (job !== undefined && tag !== undefined) throw bothJobAndTag();
  const jobs = home?.config.jobs ?? {};
  if (job !== undefined) {
    if (home && !Object.hasOwn(jobs, job)) {
      throw unknownName("job", job, Object.keys(jobs), ExitCode.usage);
    }
    return { scope: "job", name: job };
  }
  if (tag === undefined) return { scope: "all", name: "" };
  const tags = [...new Set(Object.values(jobs).flatMap((one) => one.tags))];
  if (home && !tags.includes(tag)) throw unknownName("tag", tag, tags, ExitCode.usage);
  return { scope: "tag", name: tag };
}

function bothJobAndTag(): Failure {
  return new Failure({
    code: "CBI_USAGE",
    message: "--job and --tag exclude each other",
    remedy: "See: cbi pause --help",
    exit: ExitCode.usage,
  });
}
