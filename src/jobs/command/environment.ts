import type { ExpansionValues } from "../../config/expansion.ts";

/** The variables by which a command learns what it is run for. They are never read by `cbi` itself. */
const FACTS = [
  "CBI_JOB",
  "CBI_RUN",
  "CBI_SLOT",
  "CBI_SLOT_DATE",
  "CBI_AS_OF",
  "CBI_TRADING_DATE",
  "CBI_IS_CATCHUP",
  "CBI_ATTEMPT",
] as const;

/**
 * The environment of one attempt. A later source wins: the job's `env_defaults`, what `cbi` was started
 * with, the job's `env_file`, its `env`, and last the facts. Facts of an outer job do not come through.
 */
export function attemptEnvironment(sources: {
  defaults: Readonly<Record<string, string>>;
  inherited: Readonly<Record<string, string | undefined>>;
  secrets: Readonly<Record<string, string>>;
  overrides: Readonly<Record<string, string>>;
  facts: Readonly<Record<string, string>>;
}): Record<string, string> {
  const merged: Record<string, string | undefined> = {
    ...sources.defaults,
    ...definedOnly(sources.inherited),
    ...sources.secrets,
    ...sources.overrides,
  };
  for (const name of FACTS) delete merged[name];
  return definedOnly({ ...merged, ...sources.facts });
}

/** The facts of an attempt as variables; `CBI_IS_CATCHUP` is 1 or 0. */
export function factVariables(values: ExpansionValues, isCatchUp: boolean): Record<string, string> {
  return {
    CBI_HOME: values.home,
    CBI_JOB: values.job,
    CBI_RUN: values.run,
    ...(values.slot === undefined ? {} : { CBI_SLOT: values.slot }),
    CBI_SLOT_DATE: values.slot_date,
    CBI_AS_OF: values.as_of,
    CBI_TRADING_DATE: values.trading_date,
    CBI_IS_CATCHUP: isCatchUp ? "1" : "0",
    CBI_ATTEMPT: values.attempt,
  };
}

function definedOnly(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    ),
  );
}
