import { callToDeadline } from "../../system/call-to-deadline.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import type { CommandEnd } from "../../system/run-command.ts";
import type { RegistrarWorld } from "../registrar.ts";
import type { LaunchctlOptions } from "./launchctl.ts";
import { meaningOf, type LaunchctlOutcome } from "./outcomes.ts";
import { parseDisabled, parsePrinted, type PrintedService } from "./print-text.ts";
import { callMs } from "../root.ts";

const LAUNCHCTL = "/bin/launchctl";

/** The verbs of launchctl(1) on one domain, each with its outcome. What it prints is asked without root. */
export class LaunchctlDomain {
  readonly #domain: string;
  readonly #world: RegistrarWorld;
  readonly #options: LaunchctlOptions;

  constructor(domain: string, world: RegistrarWorld, options: LaunchctlOptions) {
    this.#domain = domain;
    this.#world = world;
    this.#options = options;
  }

  /** What launchd says of a label; undefined when it does not know it. */
  async print(label: string): Promise<PrintedService | undefined> {
    const words = ["print", `${this.#domain}/${label}`];
    const end = await this.#ask(words);
    const { outcome } = meaningOf(end);
    if (outcome === "done") return parsePrinted(end.stdout);
    if (outcome === "not-loaded") return undefined;
    throw refused(words, end);
  }

  async disabled(): Promise<Set<string>> {
    const words = ["print-disabled", this.#domain];
    const end = await this.#ask(words);
    if (meaningOf(end).outcome !== "done") throw refused(words, end);
    return parseDisabled(end.stdout);
  }

  /** Persists over reboots, and over the removal of the list. */
  async enable(label: string): Promise<void> {
    const words = ["enable", `${this.#domain}/${label}`];
    const end = await this.#change(words);
    if (meaningOf(end).outcome !== "done") throw refused(words, end);
  }

  /** Begins to end a service; one that launchd does not know, or ends already, is no failure. */
  async bootout(label: string): Promise<void> {
    const words = ["bootout", `${this.#domain}/${label}`];
    const end = await this.#change(words);
    const { outcome } = meaningOf(end);
    if (outcome !== "done" && outcome !== "not-loaded" && outcome !== "ending") {
      throw refused(words, end);
    }
  }

  /** Loads a list; what has failed, if it has, is for the caller to judge. */
  async bootstrap(file: string): Promise<{ outcome: LaunchctlOutcome; failure: Failure }> {
    const words = ["bootstrap", this.#domain, file];
    const end = await this.#change(words);
    return { outcome: meaningOf(end).outcome, failure: refused(words, end) };
  }

  async #change(words: readonly string[]): Promise<CommandEnd> {
    const { root } = this.#options;
    return root ? root.run([LAUNCHCTL, ...words]) : this.#ask(words);
  }

  async #ask(words: readonly string[]): Promise<CommandEnd> {
    const { environment, signal } = this.#world;
    return callToDeadline(this.#options.program ?? LAUNCHCTL, words, {
      environment: { ...environment, LC_ALL: "C" },
      workingDirectory: "/",
      timeoutMs: callMs(environment),
      signal,
    });
  }
}

function refused(words: readonly string[], end: CommandEnd): Failure {
  const { outcome, meaning, remedy } = meaningOf(end);
  const said = (end.stderr.trim() || end.stdout.trim()).split("\n")[0] ?? "";
  const code = end.exitCode === undefined ? "no exit code" : `${end.exitCode}`;
  return new Failure({
    code: outcome === "no-session" ? "CBI_HOST_UNREACHABLE" : "CBI_HOST_REFUSED",
    message: `launchctl ${words.join(" ")} ended with ${code}, ${meaning}: ${said}`,
    remedy,
    exit: ExitCode.failed,
  });
}
