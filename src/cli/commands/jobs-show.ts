import { HomeJobs } from "../../jobs/schedules.ts";
import { registeredJob } from "../../ledger/jobs.ts";
import { newestSlots } from "../../ledger/slots.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { singleLine } from "../../system/text.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf, ledgerOf } from "../home.ts";
import { unknownName } from "../options.ts";
import { shownJob } from "./jobs-list.ts";

const SLOTS_SHOWN = 10;

/** `cbi jobs show`: one job with its settings, its last slots and what its last check said. */
export const command: Command = {
  words: ["jobs", "show"],
  summary: "Show a job: its settings, its newest slots, and what its last check said",
  arguments: [{ name: "<job>", summary: "the job's name in cbi.yaml" }],
  options: [jsonOption, homeOption],
  examples: [{ line: "cbi jobs show nightly", says: "the nightly pipeline" }],
  exits: [
    { code: ExitCode.done, when: "the job was shown" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    const jobs = new HomeJobs(home);
    const name = input.arguments[0] ?? "";
    const job = jobs.find(name);
    if (!job) throw unknownName("job", name, jobs.names, ExitCode.usage);
    using ledger = ledgerOf(home);
    const registered = ledger && registeredJob(ledger, name);
    const shown = shownJob(jobs, job, registered, ledger, context.clock.now());
    const slots = ledger ? newestSlots(ledger, { job: name, limit: SLOTS_SHOWN }) : [];
    const checked =
      registered?.checkedMs === undefined
        ? null
        : { at: new Date(registered.checkedMs).toISOString(), said: registered.checked ?? "" };
    if (input.options["json"] === true) {
      const answer = {
        ...shown,
        zone: job.zone.name,
        calendar: job.calendar.name,
        settings: job.settings,
        checked,
        slots: slots.map(({ name: slot, verdict, reason, run }) => ({
          slot,
          verdict: verdict ?? "claimed",
          reason: reason ?? null,
          run: run ?? null,
        })),
      };
      context.write(`${JSON.stringify(answer, undefined, 2)}\n`);
      return ExitCode.done;
    }
    context.write(`${name}  ${shown.kind}  ${shown.disabled ?? "enabled"}\n`);
    context.write(`  zone     ${job.zone.name}, calendar ${job.calendar.name}\n`);
    context.write(`  next     ${shown.next_local ?? "no schedule"}   ${shown.next ?? ""}\n`);
    if (checked) context.write(`  checked  ${checked.at}: ${singleLine(checked.said, 100)}\n`);
    for (const [key, value] of Object.entries(job.settings)) {
      if (key !== "kind")
        context.write(`  ${key.padEnd(12)} ${singleLine(JSON.stringify(value), 120)}\n`);
    }
    for (const slot of slots) {
      const said = `${slot.name}  ${(slot.verdict ?? "claimed").padEnd(10)} ${slot.reason ?? ""}`;
      context.write(`  ${singleLine(said, 130)}\n`);
    }
    return ExitCode.done;
  },
};
