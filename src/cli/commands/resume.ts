import { rm } from "node:fs/promises";
import { changeOrders, readKillState, stopFile } from "../../guard/kill-switch-file.ts";
import { shownOrder } from "../../guard/kill-switch-text.ts";
import { isInForce, orderText, standingOrders, type KillOrder } from "../../guard/kill-switch.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeToPause, scopeOf } from "../kill-scope.ts";

/** `cbi resume`: ends what `cbi pause` began; slots in between keep their verdicts. */
export const command: Command = {
  words: ["resume"],
  summary: "End a pause: of everything, of a tag, or of one job",
  description:
    "Without --job, --tag or --all it ends the pause of everything, and deletes the file STOP. A job starts\n" +
    "again when no other order holds it back; what is left is shown.",
  options: [
    { flags: "--job <job>", summary: "the pause of this job" },
    { flags: "--tag <tag>", summary: "the pause of this tag" },
    { flags: "--all", summary: "every pause there is" },
    jsonOption,
    homeOption,
  ],
  examples: [
    { line: "cbi resume", says: "ends the pause of everything" },
    { line: "cbi resume --tag broker", says: "jobs tagged broker start again" },
  ],
  exits: [
    { code: ExitCode.done, when: "the pause is over, or there was none" },
    { code: ExitCode.failed, when: "the kill switch could not be written" },
    { code: ExitCode.lockHeld, when: "another process is changing it" },
    { code: ExitCode.configInvalid, when: "there is no home" },
  ],
  async run(context, input) {
    const { paths } = await homeToPause(context, input);
    // A pause may be of a job or a tag that cbi.yaml has no more.
    const chosen = scopeOf(input, undefined);
    const isAll = input.options["all"] === true;
    const ends = (order: KillOrder): boolean =>
      isAll || (order.scope === chosen.scope && order.name === chosen.name);
    const before = await readKillState(paths);
    const nowMs = context.clock.now();
    const ended = before.orders.filter((order) => isInForce(order, nowMs) && ends(order));
    const isWhole = isAll || chosen.scope === "all";
    if (ended.length > 0 || (isWhole && before.damage !== undefined)) {
      const left = (orders: readonly KillOrder[]) => orders.filter((order) => !ends(order));
      await changeOrders(paths, nowMs, left, { fromDamage: isWhole });
    }
    const hadStop = isWhole && before.stopFile !== undefined;
    if (hadStop) await rm(stopFile(paths), { recursive: true });
    const after = await readKillState(paths);
    const isNothing = ended.length === 0 && !hadStop && before.damage === after.damage;
    const lines = isNothing ? ["there was no such pause"] : [];
    if (hadStop) lines.push("the file STOP is deleted");
    if (before.damage !== undefined && after.damage === undefined) {
      lines.push("the damaged kill switch is written anew, without orders");
    }
    lines.push(
      ...ended.map((order) => `over: ${orderText(order)}`),
      ...standingOrders(after, nowMs).map((line) => `still: ${line}`),
    );
    const answer = {
      ended: ended.map(shownOrder),
      left: after.orders.filter((order) => isInForce(order, nowMs)).map(shownOrder),
      stop_file: after.stopFile ?? null,
      damage: after.damage ?? null,
    };
    context.write(
      input.options["json"] === true
        ? `${JSON.stringify(answer)}\n`
        : lines.map((line) => `${line}\n`).join(""),
    );
    return ExitCode.done;
  },
};
