import { Chain } from "./chain.ts";
import { auditStage } from "./stages/audit.ts";
import { evaluateStage } from "./stages/evaluate.ts";
import { exportStage } from "./stages/export.ts";
import { predictStage } from "./stages/predict.ts";
import { trainStage } from "./stages/train.ts";
import { uploadStage } from "./stages/upload.ts";

/** The night: the order of its stages, checked by the compiler. */
export const nightlyChain = Chain.empty()
  .add(exportStage)
  .add(auditStage)
  .add(trainStage)
  .add(predictStage)
  .add(uploadStage)
  .add(evaluateStage);
