import type { Command } from "./command.ts";

/** A command that is loaded only when it is asked for, so that each starts fast. */
export interface CatalogEntry {
  words: readonly [string, ...string[]];
  summary: string;
  /** Whether it is for programs of cbi alone: it explains itself, and no list shows it. */
  isInternal?: true;
  load(): Promise<{ command: Command }>;
}

/** Every command, in the order of the help. A test holds words and summaries equal to the files'. */
export const catalog: readonly CatalogEntry[] = [
  {
    words: ["run"],
    summary: "Run a job now, such as the nightly pipeline",
    load: () => import("./commands/run.ts"),
  },
  {
    words: ["slots"],
    summary: "List what became of every slot, the newest first",
    load: () => import("./commands/slots.ts"),
  },
  {
    words: ["catchup"],
    summary: "Start what is due and did not start, by each job's catch_up policy",
    load: () => import("./commands/catchup.ts"),
  },
  {
    words: ["jobs", "list"],
    summary: "List the jobs: when each is due next, and how its last slot ended",
    load: () => import("./commands/jobs-list.ts"),
  },
  {
    words: ["jobs", "show"],
    summary: "Show a job: its settings, its newest slots, and what its last check said",
    load: () => import("./commands/jobs-show.ts"),
  },
  {
    words: ["jobs", "enable"],
    summary: "Let the slots of a job start again",
    load: () => import("./commands/jobs-enable.ts"),
  },
  {
    words: ["jobs", "disable"],
    summary: "Keep the slots of a job from starting, until it is enabled",
    load: () => import("./commands/jobs-disable.ts"),
  },
  {
    words: ["service", "list"],
    summary: "List the services: which run, since when, kept by whom, and until when",
    load: () => import("./commands/service-list.ts"),
  },
  {
    words: ["service", "start"],
    summary: "Start a service now, if its gates pass, and leave it running",
    load: () => import("./commands/service-start.ts"),
  },
  {
    words: ["service", "stop"],
    summary: "Stop a service until its next slot",
    load: () => import("./commands/service-stop.ts"),
  },
  {
    words: ["service", "restart"],
    summary: "Restart a running service, if its gates pass",
    load: () => import("./commands/service-restart.ts"),
  },
  {
    words: ["service", "logs"],
    summary: "Print the last lines of a service's log",
    load: () => import("./commands/service-logs.ts"),
  },
  {
    words: ["watchdog"],
    summary: "Look once for what was missed, failed, hangs or died, and heal what can be",
    load: () => import("./commands/watchdog.ts"),
  },
  {
    words: ["daemon"],
    summary: "Stay and start the jobs of a home when they are due",
    load: () => import("./commands/daemon.ts"),
  },
  {
    words: ["install"],
    summary: "Let the system's own scheduler start the jobs of a home",
    load: () => import("./commands/install.ts"),
  },
  {
    words: ["doctor"],
    summary: "Check everything that a night rests on, and say what helps",
    load: () => import("./commands/doctor.ts"),
  },
  {
    words: ["upgrade"],
    summary: "Bring the installation to this version of cbi, and to what cbi.yaml says now",
    load: () => import("./commands/upgrade.ts"),
  },
  {
    words: ["uninstall"],
    summary: "Take away everything that cbi install has put in place",
    load: () => import("./commands/uninstall.ts"),
  },
  {
    words: ["status"],
    summary: "Show the last run, its stages, and how fresh models and data are",
    load: () => import("./commands/status.ts"),
  },
  {
    words: ["history"],
    summary: "List the runs, the newest first",
    load: () => import("./commands/history.ts"),
  },
  {
    words: ["logs"],
    summary: "Print the log of a run, by default of the newest",
    load: () => import("./commands/logs.ts"),
  },
  {
    words: ["report"],
    summary: "Show how good the models are, and where the report with its plots lies",
    load: () => import("./commands/report.ts"),
  },
  {
    words: ["replay"],
    summary:
      "Run past nights in order and show what they would have published and how it turned out",
    load: () => import("./commands/replay.ts"),
  },
  {
    words: ["pause"],
    summary: "Let nothing start, or no job of a tag, or not one job, until resumed",
    load: () => import("./commands/pause.ts"),
  },
  {
    words: ["resume"],
    summary: "End a pause: of everything, of a tag, or of one job",
    load: () => import("./commands/resume.ts"),
  },
  {
    words: ["models", "list"],
    summary: "List the model versions with their figures",
    load: () => import("./commands/models-list.ts"),
  },
  {
    words: ["models", "show"],
    summary: "Show a version: data, parameters, folds, features, decisions",
    load: () => import("./commands/models-show.ts"),
  },
  {
    words: ["models", "promote"],
    summary: "Make an algorithm the champion of a horizon, by your own decision",
    load: () => import("./commands/models-promote.ts"),
  },
  {
    words: ["models", "rollback"],
    summary: "Undo the last decision that changed a horizon's champion",
    load: () => import("./commands/models-rollback.ts"),
  },
  {
    words: ["warehouse", "check"],
    summary: "Look whether the warehouse can be reached and has what a night needs",
    load: () => import("./commands/warehouse-check.ts"),
  },
  {
    words: ["warehouse", "estimate"],
    summary: "Tell the bytes that a night's queries would bill, without running them",
    load: () => import("./commands/warehouse-estimate.ts"),
  },
  {
    words: ["warehouse", "copy"],
    summary: "Copy tables, prices and forecasts between BigQuery and the embedded warehouse",
    load: () => import("./commands/warehouse-copy.ts"),
  },
  {
    words: ["prune"],
    summary: "Delete what retention no longer keeps: old versions, runs, logs, leftovers",
    load: () => import("./commands/prune.ts"),
  },
  {
    words: ["root-steps"],
    summary:
      "Take single steps as root for the cbi that has started this (sudo cbi install starts it)",
    isInternal: true,
    load: () => import("./commands/root-steps.ts"),
  },
  {
    words: ["probe"],
    summary:
      "Look from within a scheduler, and leave an answer (cbi install and cbi doctor start it)",
    isInternal: true,
    load: () => import("./commands/probe.ts"),
  },
  {
    words: ["init"],
    summary: "Make a home: cbi.yaml and its folders, and with --from the SQL for a file of prices",
    load: () => import("./commands/init.ts"),
  },
  {
    words: ["import"],
    summary: "Turn a crontab, launchd agent, systemd timer or APScheduler source into jobs",
    load: () => import("./commands/import.ts"),
  },
  {
    words: ["setup"],
    summary: "Make the workers' Python environment and prove that it trains",
    load: () => import("./commands/setup.ts"),
  },
  {
    words: ["calendar"],
    summary: "Show a year of a trading calendar: closures and early closes",
    load: () => import("./commands/calendar.ts"),
  },
  {
    words: ["next"],
    summary: "Show when jobs are due next, or a schedule of your own",
    load: () => import("./commands/next.ts"),
  },
  {
    words: ["config", "show"],
    summary: "Show every value of the configuration and where it came from",
    load: () => import("./commands/config-show.ts"),
  },
  {
    words: ["config", "check"],
    summary: "Check the configuration and list every problem in it",
    load: () => import("./commands/config-check.ts"),
  },
  {
    words: ["config", "schema"],
    summary: "Print the JSON Schema of cbi.yaml, by which editors complete and check",
    load: () => import("./commands/config-schema.ts"),
  },
];
