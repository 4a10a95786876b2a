import path from "node:path";
import { z } from "zod";
import type { StageName } from "../../../src/config/schema.ts";
import { Chain } from "../../../src/pipeline/chain.ts";
import type { Stage, StageContext } from "../../../src/pipeline/stage.ts";
import { ExitCode } from "../../../src/system/exit-code.ts";
import { Failure } from "../../../src/system/failure.ts";
import { hashText, replaceFile } from "../../../src/system/files.ts";
import { currentProcess } from "../mac/process.ts";
import type { Nights } from "../nights.ts";

const output = z.strictObject({ path: z.string(), sha256: z.string() });
type Output = z.infer<typeof output>;

/** A pipeline of three stages for the production runner. Each writes one file; the second trains. */
export function simulatedChain(nights: Nights): Chain<object> {
  return Chain.empty()
    .add(stage(nights, "export", 20))
    .add(stage(nights, "train", 240))
    .add(stage(nights, "upload", 10));
}

function stage<Name extends StageName>(
  nights: Nights,
  name: Name,
  seconds: number,
): Stage<Name, object, Output> {
  return {
    name,
    version: 1,
    output,
    limits: { attempts: 3, deadlineMs: 60 * 60_000 },
    fingerprint: (inputs, { asOf }) => Promise.resolve({ asOf, inputs }),
    run: (_inputs, context) => work(nights, name, seconds, context),
    outputs: (made) => [made],
    summarize: () => `${name} is made`,
  };
}

async function work(
  nights: Nights,
  name: StageName,
  seconds: number,
  context: StageContext,
): Promise<Output> {
  const { asOf, job, run, signal, clock, paths } = context;
  const process = currentProcess();
  using writer = nights.checks.writer("the pipeline of the home", process);
  void writer;
  nights.checks.stageStarts(context, name);
  const trouble = nights.troubleOf("stage");
  const length = seconds * (0.5 + nights.work.fraction());
  const doneAt = trouble === undefined ? 1 : nights.work.fraction();
  for (let step = 0; step < 3; step++) {
    await clock.sleep((length * 1000 * doneAt) / 3, signal);
  }
  if (trouble === "babble") {
    for (let line = 0; line < 30; line++) {
      context.emit({ event: "note", message: "\u001b[31mnothing\u0007 ".repeat(50) });
    }
  } else if (trouble === "hang") {
    await clock.sleep(30 * 24 * 3_600_000, signal);
  } else if (trouble !== undefined) throw failure(name, trouble);
  const text = `${name} as of ${asOf}\n`;
  const file = path.join("Made", `${asOf}-${name}.txt`);
  await replaceFile(path.join(paths.root, file), text);
  if (name === "upload") nights.checks.uploaded(asOf, hashText(text));
  void job;
  void run;
  return { path: file, sha256: hashText(text) };
}

function failure(name: string, trouble: "retryable" | "fatal"): Failure {
  return new Failure({
    code: "CBI_SIMULATED",
    message: `${name} failed in a ${trouble} way`,
    exit: ExitCode.failed,
    class: trouble,
  });
}
