import { Document, isMap, isPair, isScalar, isSeq, parseDocument, visit } from "yaml";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { withoutControls } from "../../system/text.ts";
import type { ImportedJob } from "./imported.ts";

/** The jobs as lines of cbi.yaml, each below a comment that says where it comes from. */
export function jobLines(jobs: readonly ImportedJob[], indent: number): string[] {
  const before = " ".repeat(indent);
  return jobs.flatMap((job) => {
    const lines = settingsLines(job).map((line) => `${before}${line}`);
    const heading = [`${before}# line ${job.line}: ${comment(job.source)}`];
    if (job.held === undefined) return [...heading, ...lines];
    heading.push(`${before}# not active: ${comment(job.held)}`);
    return [...heading, ...lines.map((line) => `${before}# ${line.slice(indent)}`)];
  });
}

/** A whole `jobs:` section, as for standard output. */
export function jobsSection(jobs: readonly ImportedJob[], origin: string): string {
  const active = jobs.filter(({ held }) => held === undefined);
  const empty = active.length === 0 ? " {}" : "";
  const head = [`# Imported from ${comment(origin)}`, `jobs:${empty}`];
  return [...head, ...jobLines(jobs, 2), ""].join("\n");
}

/**
 * The text of a cbi.yaml with these jobs at the end of its `jobs`; everything else stays byte for byte. Throws
 * `CBI_IMPORT_NO_PLACE` (78) where `jobs` is written in braces.
 */
export function withJobs(text: string, jobs: readonly ImportedJob[], origin: string): string {
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const place = placeOf(text);
  const lines = [
    ...(place.head ?? []),
    `${" ".repeat(place.indent)}# Imported from ${comment(origin)}`,
    ...jobLines(jobs, place.indent),
  ];
  const { from, to } = place.without ?? { from: 0, to: 0 };
  const before = text.slice(0, from) + text.slice(to, place.at);
  const gap = before === "" || before.endsWith("\n") ? "" : newline;
  return `${before}${gap}${lines.join(newline)}${newline}${text.slice(place.at)}`;
}

interface Place {
  /** The offset at which lines are put in: the beginning of one. */
  at: number;
  indent: number;
  head?: readonly string[];
  /** Empty braces, which give way. */
  without?: { from: number; to: number };
}

function placeOf(text: string): Place {
  const document = parseDocument(text, { stringKeys: true });
  const contents = document.contents;
  const pair = isMap(contents)
    ? contents.items.find((item) => isScalar(item.key) && item.key.value === "jobs")
    : undefined;
  if (!pair) {
    // Without a section the default job runs, which a section without it would end.
    return { at: text.length, indent: 2, head: ["", "jobs:", "  nightly: { kind: pipeline }"] };
  }
  const jobs = pair.value;
  if (!isMap(jobs) || (jobs.flow === true && jobs.items.length > 0)) throw noPlace();
  if (jobs.flow === true) {
    const [from, to] = jobs.range ?? [0, 0];
    return { at: lineAfter(text, to), indent: 2, without: { from, to } };
  }
  const last = jobs.items.at(-1);
  const first = jobs.items[0];
  const value = isPair(last) ? last.value : undefined;
  const key = isPair(last) && isScalar(last.key) ? last.key : undefined;
  const ranged = isMap(value) || isSeq(value) || isScalar(value) ? value : key;
  const start = isPair(first) && isScalar(first.key) ? (first.key.range?.[0] ?? 0) : 0;
  const indent = start - (text.lastIndexOf("\n", start - 1) + 1);
  let end = ranged?.range?.[1] ?? text.length;
  while (end > 0 && /\s/.test(text[end - 1] ?? "")) end -= 1;
  return { at: lineAfter(text, end), indent };
}

function lineAfter(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  return end < 0 ? text.length : end + 1;
}

function noPlace(): Failure {
  return new Failure({
    code: "CBI_IMPORT_NO_PLACE",
    message: "expected jobs as an indented mapping in cbi.yaml, got one in braces",
    remedy:
      "Write each job on lines of its own below jobs:, then import again; nothing was changed.",
    exit: ExitCode.configInvalid,
  });
}

function settingsLines({ name, settings }: ImportedJob): string[] {
  const document = new Document(
    { [name]: settings },
    { version: "1.2", schema: "core", aliasDuplicateObjects: false },
  );
  visit(document, (_key, node, path) => {
    const above = path.at(-2);
    const isTime = isPair(above) && isScalar(above.key) && above.key.value === "schedule";
    if (isTime && isScalar(node)) node.type = "QUOTE_SINGLE";
    // Job and settings in lines, what is within them in brackets.
    if ((isMap(node) || isSeq(node)) && path.filter(isMap).length >= 2) node.flow = true;
  });
  const text = document.toString({
    lineWidth: 0,
    singleQuote: true,
    flowCollectionPadding: true,
  });
  return text.trimEnd().split("\n");
}

/** One line, so that no text of the file can end the comment. */
function comment(text: string): string {
  return withoutControls(text).replaceAll(/\s+/g, " ").trim();
}
