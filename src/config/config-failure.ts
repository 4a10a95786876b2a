import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";

/** One thing that is wrong with a configuration, where it stands and how it reads. */
export interface ConfigProblem {
  /** `train.folds`; empty where the file as a whole is meant. */
  key: string;
  message: string;
  /** Where to look: `cbi.yaml`, the variable's name, the option's flags. */
  source: string;
  /** Both from 1; absent outside the file. */
  line?: number;
  column?: number;
  /** The line of the file with a caret line below, secrets hidden. */
  excerpt?: readonly string[];
}

/** Problems that the message spells out; `problems` has them all. */
const SHOWN_MAX = 100;

/** An invalid configuration with all its problems: exit code 78, `CBI_CONFIG_INVALID`. */
export class ConfigFailure extends Failure {
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[], remedy: string) {
    const shown = problems.slice(0, SHOWN_MAX).map(problemText).join("");
    const rest = problems.length > SHOWN_MAX ? `\n  and ${problems.length - SHOWN_MAX} more\n` : "";
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super({
      code: "CBI_CONFIG_INVALID",
      message: `${file} is not valid: ${count}\n${shown}${rest}`,
      remedy,
      exit: ExitCode.configInvalid,
    });
    this.problems = problems;
  }
}

function problemText(problem: ConfigProblem): string {
  const place =
    problem.line === undefined
      ? problem.source
      : `${problem.source}:${problem.line}:${problem.column}`;
  const key = problem.key === "" ? "" : `${problem.key}: `;
  const excerpt = (problem.excerpt ?? []).map((line) => `      ${line}\n`).join("");
  return `\n  ${place}  ${key}${problem.message}\n${excerpt}`;
}
