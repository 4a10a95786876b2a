import path from "node:path";

/** The places inside a home. Every path is absolute; nothing is created by asking. */
export interface HomePaths {
  root: string;
  config: string;
  logs: string;
  ledger: string;
  models: string;
  trainingData: string;
  exports: string;
  /** Results of single trainings, kept so that a resumed night repeats none; pruned by age. */
  trainings: string;
  warehouse: string;
}

/** The layout of the home at `root`, as `docs/architecture.md` lists it. */
export function homePaths(root: string): HomePaths {
  const absolute = path.resolve(root);
  const logs = path.join(absolute, "Logs");
  const trainingData = path.join(absolute, "TrainingData");
  return {
    root: absolute,
    config: path.join(absolute, "cbi.yaml"),
    logs,
    ledger: path.join(logs, "ledger.db"),
    models: path.join(absolute, "Models", "local"),
    trainingData,
    exports: path.join(trainingData, "exports"),
    trainings: path.join(trainingData, "trainings"),
    warehouse: path.join(trainingData, "warehouse.duckdb"),
  };
}
