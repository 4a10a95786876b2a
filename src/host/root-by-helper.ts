import { fork, type ChildProcess } from "node:child_process";
import { z } from "zod";
import { callToDeadline } from "../system/call-to-deadline.ts";
import { entryFile } from "../system/detached.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import type { CommandEnd } from "../system/run-command.ts";
import { ROOT_PROGRAMS, stepFailed, type Root } from "./root.ts";

/** The hidden command that stays root while the rest of the program becomes the user. */
export const HELPER_NAME = "root-steps";

const CALL_MS = 60_000;
const ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

const requestSchema = z.strictObject({
  id: z.int(),
  program: z.enum(ROOT_PROGRAMS),
  words: z.array(z.string()),
});

const endSchema = z.object({
  exitCode: z.int().optional(),
  stdout: z.string(),
  stderr: z.string(),
  isTimedOut: z.boolean(),
});

const answerSchema = z.strictObject({ id: z.int(), end: endSchema });

/**
 * Starts a second process while this one is root still, and lets it take root's steps for this one when it
 * no longer is. Nobody else may ask it: it listens to this process alone, and ends with it.
 */
export function rootByHelper(): Root & Disposable {
  const helper = fork(entryFile(), [HELPER_NAME], {
    env: ENVIRONMENT,
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  let calls = 0;
  const run: Root["run"] = async ([program, ...words]) => {
    const id = (calls += 1);
    const answer = answerTo(helper, id);
    helper.send({ id, program, words });
    return answer;
  };
  return {
    isAllowed: () => Promise.resolve(true),
    allow: () => Promise.resolve(),
    keepAllowed: () => ({ [Symbol.dispose]: () => undefined }),
    run,
    async must(command) {
      const end = await run(command);
      if (end.exitCode === 0) return end;
      throw stepFailed(command, end);
    },
    [Symbol.dispose]() {
      if (helper.connected) helper.disconnect();
    },
  };
}

/** The helper's own side: takes steps until whoever started it is gone. */
export async function serveRootSteps(signal: AbortSignal): Promise<void> {
  if (!process.send) {
    throw new Failure({
      code: "CBI_USAGE",
      message: "only cbi itself starts this, to be asked for single steps",
      exit: ExitCode.usage,
    });
  }
  process.on("message", (message) => {
    const request = requestSchema.safeParse(message).data;
    if (!request) return;
    void take(request, signal).then((end) => process.send?.({ id: request.id, end }));
  });
  await new Promise((resolve) => process.once("disconnect", resolve));
}

async function take(
  { program, words }: z.infer<typeof requestSchema>,
  signal: AbortSignal,
): Promise<CommandEnd> {
  const options = { environment: ENVIRONMENT, workingDirectory: "/", timeoutMs: CALL_MS, signal };
  return callToDeadline(program, words, options);
}

async function answerTo(helper: ChildProcess, id: number): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      helper.off("message", hear);
      helper.off("exit", lose);
    };
    const hear = (message: unknown): void => {
      const answer = answerSchema.safeParse(message).data;
      if (answer?.id !== id) return;
      settle();
      const { exitCode, ...end } = answer.end;
      resolve({ exitCode, ...end });
    };
    const lose = (): void => {
      settle();
      reject(lost());
    };
    helper.on("message", hear);
    helper.once("exit", lose);
  });
}

function lost(): Failure {
  return new Failure({
    code: "CBI_ROOT_STEP",
    message: "the process that takes root's steps has ended",
    remedy:
      "What was done is recorded: the same command again goes on, and cbi uninstall takes it away",
    exit: ExitCode.failed,
  });
}
