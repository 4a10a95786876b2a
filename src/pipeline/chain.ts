import type { StageName } from "../config/schema.ts";
import type { Stage } from "./stage.ts";

/** The outputs of the stages so far, by stage name. */
export type Outputs = Readonly<Record<string, unknown>>;

/** A stage whose types have been checked against the chain and are no longer needed. */
export type AnyStage = Stage<StageName, Outputs, unknown>;

/**
 * Stages in order, each of which takes the outputs of those before it. A stage that asks for an
 * output that no earlier stage makes does not compile.
 */
export class Chain<Available extends object> {
  readonly stages: readonly AnyStage[];

  private constructor(stages: readonly AnyStage[]) {
    this.stages = stages;
  }

  static empty(): Chain<object> {
    return new Chain([]);
  }

  add<Name extends StageName, In, Out>(
    // The comparison is the compile-time check: what is available must be what the stage takes.
    stage: Available extends In ? Stage<Name, In, Out> : never,
  ): Chain<Available & Record<Name, Out>> {
    return new Chain([...this.stages, stage as unknown as AnyStage]);
  }
}
