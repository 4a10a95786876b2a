import { isDay } from "../schedule/day.ts";
import { expand, expansionProblem, type ExpansionValues } from "./expansion.ts";
import type { Gate } from "./gates-schema.ts";
import type { Finding } from "./issue-sentences.ts";
import type { DeclaredOutput, Job } from "./jobs-schema.ts";
import type { KeyPath } from "./key-path.ts";
import type { Config } from "./schema.ts";

/** A text of a job in which values are filled in, and where it stands. */
type Template = readonly [path: KeyPath, text: string | undefined];

/** Some run, to see whether what comes out can be a date. */
const SOME_RUN: ExpansionValues = {
  slot: "2025-12-31T08:30",
  slot_date: "2025-12-31",
  as_of: "2025-12-30",
  trading_date: "2025-12-31",
  run: "20251231t133000z-3fa9c2",
  job: "job",
  attempt: "1",
  home: "/home",
};

/** That every `{name}` in a job's texts is one there is, and that no two ways to a date contend. */
export function checkTemplates({ jobs }: Partial<Config>): Finding[] {
  return Object.entries(jobs ?? {}).flatMap(([name, job]) => {
    const at = ["jobs", name];
    const templates = [
      ...programTemplates(job, at),
      ...outputsOf(job).flatMap((output, index) =>
        outputTemplates(output, [...at, "outputs", index]),
      ),
      ...job.gates.flatMap((gate, index) => gateTemplates(gate, [...at, "gates", index])),
    ];
    return [...templates.flatMap(templateFinding), ...contentions(job, at)];
  });
}

function programTemplates(job: Job, at: KeyPath): Template[] {
  if (job.kind === "pipeline") return [];
  return [
    ...job.argv.map((word, index): Template => [[...at, "argv", index], word]),
    ...variableTemplates(job.env, [...at, "env"]),
    ...variableTemplates(job.env_defaults, [...at, "env_defaults"]),
    [[...at, "cwd"], job.cwd],
  ];
}

function variableTemplates(variables: Readonly<Record<string, string>>, at: KeyPath): Template[] {
  return Object.entries(variables).map(([name, text]): Template => [[...at, name], text]);
}

function outputsOf(job: Job): readonly DeclaredOutput[] {
  return job.kind === "command" ? job.outputs : [];
}

function outputTemplates(output: DeclaredOutput, at: KeyPath): Template[] {
  return [
    [[...at, "path"], output.path],
    [[...at, "as_of"], output.as_of],
  ];
}

function gateTemplates(gate: Gate, at: KeyPath): Template[] {
  if ("fresh" in gate) {
    return [
      [[...at, "fresh"], gate.fresh],
      [[...at, "as_of"], gate.as_of],
    ];
  }
  if (!("command" in gate)) return [];
  return gate.command.map((word, index): Template => [[...at, "command", index], word]);
}

function templateFinding([path, text]: Template): Finding[] {
  if (text === undefined) return [];
  const problem = expansionProblem(text) ?? (path.at(-1) === "as_of" ? noDay(text) : undefined);
  return problem === undefined ? [] : [{ path, at: "value", message: problem }];
}

/** What cannot become a date would hold for ever. */
function noDay(text: string): string | undefined {
  const filled = expand(text, SOME_RUN);
  if ("text" in filled && isDay(filled.text)) return undefined;
  return `expected a date such as {slot_date}, {as_of} or 2025-12-31, got "${text}"`;
}

/** A date can be under a key or in a column, and a file's age needs neither. */
function contentions(job: Job, at: KeyPath): Finding[] {
  const places = [
    ...outputsOf(job).map((output, index) => ({ one: output, path: [...at, "outputs", index] })),
    ...job.gates.flatMap((gate, index) =>
      "fresh" in gate ? [{ one: gate, path: [...at, "gates", index] }] : [],
    ),
  ];
  return places.flatMap(({ one, path }): Finding[] => {
    const ways = [
      one.as_of_column !== undefined && "as_of_column",
      one.as_of_key !== undefined && "as_of_key",
      "max_age" in one && one.max_age !== undefined && "max_age",
    ].filter((way) => way !== false);
    const [first, second] = ways;
    if (first === undefined || second === undefined) return [];
    const message = `expected one of ${ways.join(" and ")}, got them together`;
    return [{ path: [...path, second], at: "key", message }];
  });
}
