import path from "node:path";
import { loadHome } from "../../config/home.ts";
import { IMPORT_FORMATS, importFile, type ImportFormat } from "../../jobs/import/import-file.ts";
import type { Imported, ImportedJob, Remark } from "../../jobs/import/imported.ts";
import { mergeJobs, writeMerge, type Merge } from "../../jobs/import/merge.ts";
import { jobsSection } from "../../jobs/import/yaml-jobs.ts";
import { parseZone } from "../../schedule/schedule.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { singleLine } from "../../system/text.ts";
import {
  type Command,
  type CommandContext,
  type CommandInput,
  homeOption,
  jsonOption,
} from "../command.ts";
import { parseOneOf, textOption } from "../options.ts";

/** `cbi import`: an existing schedule as jobs of cbi.yaml. */
export const command: Command = {
  words: ["import"],
  summary: "Turn a crontab, launchd agent, systemd timer or APScheduler source into jobs",
  description:
    "Prints the jobs as YAML, and on standard error line by line what was understood, what is\n" +
    "otherwise here, and what could not be taken over. Nothing of the file is run. A line that needs a\n" +
    "shell becomes a comment with its remedy. With --write the jobs are added to cbi.yaml, whose text\n" +
    "and comments stay, after the whole has been validated. Turn the old schedule off yourself.",
  arguments: [
    { name: "<format>", summary: `one of ${IMPORT_FORMATS.join(", ")}` },
    { name: "<file>", summary: "the crontab, .plist, .timer or .service, or Python source" },
  ],
  options: [
    {
      flags: "--zone <zone>",
      summary: "the IANA zone of times that name none (default: this machine's)",
      parse: parseZoneOption,
    },
    { flags: "--system", summary: "a crontab whose lines name a user, as those of /etc/cron.d" },
    { flags: "--write", summary: "add the jobs to the home's cbi.yaml" },
    { flags: "--dry-run", summary: "with --write: say what would be added, and change nothing" },
    jsonOption,
    homeOption,
  ],
  examples: [
    { line: "crontab -l > my.crontab && cbi import crontab my.crontab", says: "look at it first" },
    {
      line: "cbi import crontab my.crontab --zone America/New_York --write",
      says: "into the home, in New York's time",
    },
    { line: "cbi import systemd scan.timer", says: "the timer with scan.service beside it" },
    {
      line: "cbi import launchd ~/Library/LaunchAgents/com.example.scan.plist --json",
      says: "for a program",
    },
    { line: "cbi import apscheduler scheduler.py", says: "its add_job calls, which are only read" },
  ],
  exits: [
    { code: ExitCode.done, when: "at least one job was found, active or as a comment" },
    { code: ExitCode.dataRefused, when: "the file cannot be read, or has no job in it" },
    {
      code: ExitCode.configInvalid,
      when: "with --write: there is no home, or it would not be valid",
    },
  ],
  async run(context, input) {
    const [format = "", file = ""] = input.arguments.map((word) => word ?? "");
    const known = parseOneOf<ImportFormat>(IMPORT_FORMATS, "format")(format);
    const isWriting = input.options["write"] === true;
    const isDryRun = input.options["dryRun"] === true;
    if (isDryRun && !isWriting) throw onlyWithWrite();
    const imported = await importFile(known, path.resolve(context.workingDirectory, file), {
      zone: textOption(input, "zone") ?? machineZone(),
      hasUsers: input.options["system"] === true,
    });
    const origin = `${known} ${path.basename(file)}`;
    const isJson = input.options["json"] === true;
    if (!isJson) for (const remark of imported.remarks) context.remark(sentenceOf(remark));
    if (imported.jobs.length === 0) return nothingFound(context, isJson, imported, file);
    if (!isWriting) {
      const yaml = jobsSection(imported.jobs, origin);
      context.write(isJson ? json({ ...imported, yaml }) : yaml);
      return ExitCode.done;
    }
    return write(context, input, imported, { origin, isDryRun, isJson });
  },
};

async function write(
  context: CommandContext,
  input: CommandInput,
  imported: Imported,
  { origin, isDryRun, isJson }: { origin: string; isDryRun: boolean; isJson: boolean },
): Promise<ExitCode> {
  const home = await loadHome({ ...context, homeOption: textOption(input, "home") });
  const { environment } = context;
  const merge = mergeJobs(home, imported.jobs, { origin, environment });
  if (!isDryRun && merge.added.length > 0) await writeMerge(home, merge);
  const facts = { home: home.paths.root, dry_run: isDryRun, present: merge.present };
  const added = merge.added.map(({ name }) => name);
  context.write(
    isJson ? json({ ...imported, ...facts, added }) : report(merge, home.paths.config, isDryRun),
  );
  return ExitCode.done;
}

function report({ added, present }: Merge, file: string, isDryRun: boolean): string {
  const active = added.filter(({ held }) => held === undefined);
  const lines = [
    ...(added.length === 0 ? [`Nothing to add to ${file}.`] : []),
    ...(active.length === 0
      ? []
      : [`${isDryRun ? "Would add" : "Added"} to ${file}: ${namesOf(active)}`]),
    ...(active.length === added.length
      ? []
      : [
          `As comments, each with its remedy: ${namesOf(added.filter(({ held }) => held !== undefined))}`,
        ]),
    ...(present.length === 0 ? [] : [`There already: ${present.join(", ")}`]),
    ...(isDryRun || added.length === 0
      ? []
      : ["Next: cbi next --days 7, then turn the old schedule off"]),
    "",
  ];
  return lines.join("\n");
}

function namesOf(jobs: readonly ImportedJob[]): string {
  return jobs.map(({ name }) => name).join(", ");
}

function nothingFound(
  context: CommandContext,
  isJson: boolean,
  imported: Imported,
  file: string,
): ExitCode {
  if (isJson) {
    context.write(json({ ...imported }));
    return ExitCode.dataRefused;
  }
  throw new Failure({
    code: "CBI_IMPORT_EMPTY",
    message: `there is no job in ${file}`,
    remedy: "See what was made of its lines above, and cbi import --help for the formats",
    exit: ExitCode.dataRefused,
  });
}

const KINDS: Readonly<Record<Remark["kind"], string>> = {
  understood: "understood",
  differs: "differs",
  "not-taken": "not taken",
};

function sentenceOf({ kind, line, job, message }: Remark): string {
  const where = line === undefined ? "all" : `line ${line}`;
  const who = job === undefined ? "" : ` ${job}:`;
  return `${where.padEnd(8)} ${KINDS[kind].padEnd(10)}${who} ${singleLine(message, 400)}`;
}

function json(answer: Imported & Record<string, unknown>): string {
  const remarks = answer.remarks.map(({ kind, line, job, message }) => ({
    line: line ?? null,
    kind,
    job: job ?? null,
    message,
  }));
  const jobs = answer.jobs.map(({ held, ...job }) => ({ ...job, held: held ?? null }));
  return `${JSON.stringify({ ...answer, jobs, remarks }, undefined, 2)}\n`;
}

function machineZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function parseZoneOption(text: string): string {
  const zone = parseZone(text);
  if (zone.ok) return zone.value.name;
  throw new Failure({
    code: "CBI_USAGE",
    message: `--zone: ${zone.problem.message}`,
    exit: ExitCode.usage,
  });
}

function onlyWithWrite(): Failure {
  return new Failure({
    code: "CBI_USAGE",
    message: "--dry-run is of --write: without it nothing is changed anyway",
    remedy: "See: cbi import --help",
    exit: ExitCode.usage,
  });
}
