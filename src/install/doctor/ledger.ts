import { fail, pass, skip, type Check } from "./check.ts";

/** Whether the record of runs is sound. */
export const ledgerCheck: Check = {
  name: "ledger",
  run: ({ ledger, ledgerProblem, home }) => {
    if (ledgerProblem !== undefined) {
      return Promise.resolve(fail(ledgerProblem, `See whose it is: ls -l ${home.paths.logs}`));
    }
    if (!ledger) return Promise.resolve(skip("there has been no run yet"));
    const problems = ledger.all("PRAGMA quick_check").flatMap((row) => Object.values(row));
    const isSound = problems.length === 1 && problems[0] === "ok";
    return Promise.resolve(
      isSound
        ? pass(`${home.paths.ledger} is sound`)
        : fail(
            `${home.paths.ledger} is damaged: ${String(problems[0])}`,
            "The next run restores its copy: cbi run nightly",
          ),
    );
  },
};
