import { fail, pass, warn, type Check } from "./check.ts";

const MAJOR_MIN = 24;
/** Places whose interpreters go with the next upgrade of something else. */
const PASSING = [/\/Cellar\//, /\/\.nvm\//, /\/\.asdf\//, /\/\.volta\//, /\/_npx\//];

/** The interpreter that runs this, and whether it will be there tomorrow. */
export const nodeCheck: Check = {
  name: "Node",
  isInside: true,
  run: () => {
    const { version, execPath } = process;
    const seen = `${version} at ${execPath}`;
    const major = Number(/^v(\d+)/.exec(version)?.[1]);
    if (major < MAJOR_MIN) {
      return Promise.resolve(
        fail(seen, `Use Node ${MAJOR_MIN}: an installed cbi has its own (cbi install)`),
      );
    }
    const isPassing = PASSING.some((place) => place.test(execPath));
    return Promise.resolve(
      isPassing
        ? warn(
            `${seen}, which another program's upgrade may delete`,
            "Nothing to do for schedulers: cbi install gives them a Node of their own",
          )
        : pass(seen),
    );
  },
};
