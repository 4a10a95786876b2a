/** A piece of schedule text that could not be understood, as a value: what stands where, and what should. */
export interface ScheduleProblem {
  /** One sentence with field, position, what was expected and what came. */
  message: string;
  /** Where in the text the offending part begins, counted from 1. */
  position: number;
  /** The offending part itself; empty where something is missing. */
  found: string;
  expected: string;
  /** Which of the five fields of a cron text, or which key of a schedule. */
  field?: string;
  /** The valid word that was most likely meant. */
  nearest?: string;
}

export type Parsed<T> = { ok: true; value: T } | { ok: false; problem: ScheduleProblem };

export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

/** What a refusal is made of; without a position, the whole text is meant. */
export type ProblemFacts = Omit<ScheduleProblem, "message" | "position"> & { position?: number };

/** A refusal whose sentence is made of its parts. */
export function refused(facts: ProblemFacts): Parsed<never> {
  const place = facts.position === undefined ? undefined : `position ${facts.position}`;
  const where = [facts.field, place].filter((part) => part !== undefined).join(", ");
  const came = facts.found === "" ? "nothing came" : `'${facts.found}' came`;
  const hint = facts.nearest === undefined ? "" : ` (did you mean '${facts.nearest}'?)`;
  const message = `${where === "" ? "" : `${where}: `}expected ${facts.expected}; ${came}${hint}`;
  return { ok: false, problem: { message, position: 1, ...facts } };
}

/** The text with a caret under the offending part, for a terminal. */
export function pointAt(text: string, problem: ScheduleProblem): string {
  const caret = "^".repeat(Math.max(problem.found.length, 1));
  return `${text}\n${" ".repeat(problem.position - 1)}${caret}`;
}
