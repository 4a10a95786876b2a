import { test } from "node:test";
import { ownNode } from "./own-node.ts";

ownNode();
const { assertPromises } = await import("./promises.ts");

void test("five thousand nights of other seeds keep every promise", async () => {
  await assertPromises({ from: 201, through: 400 });
});
