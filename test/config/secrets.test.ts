import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { ConfigFailure } from "../../src/config/config-failure.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { shownValues } from "../../src/config/values.ts";

// No key of cbi.yaml is secret yet: the marks are shown on a schema of this test's own.
const schema = z.strictObject({
  notify: z.strictObject({
    address: z.string(),
    code: z.string().max(9).optional().meta({ secret: true }),
    login: z.strictObject({ name: z.string(), word: z.int() }).optional().meta({ secret: true }),
  }),
  size: z.int().default(1),
});

function messageOf(text: string, environment: Record<string, string> = {}): string {
  try {
    parseConfig({ schema, text, file: "cbi.yaml", environment, remedy: "" });
    return "";
  } catch (error) {
    assert.ok(error instanceof ConfigFailure);
    return `${error.message}${JSON.stringify(error.problems)}`;
  }
}

void test("a value marked secret is shown as asterisks, one inside a secret section too", () => {
  const text = "notify: { address: a, code: hunter2, login: { name: bob, word: 7 } }";
  const { config, origins } = parseConfig({
    schema,
    text,
    file: "cbi.yaml",
    environment: {},
    remedy: "",
  });
  const shown = shownValues(schema, config, origins);
  assert.deepEqual(
    shown.map(({ key, value, isSecret }) => [key, value, isSecret]),
    [
      ["notify.address", "a", false],
      ["notify.code", "********", true],
      ["notify.login.name", "********", true],
      ["notify.login.word", "********", true],
      ["size", 1, false],
    ],
  );
  assert.equal(config.notify.code, "hunter2");
});

void test("no error shows a secret, whatever is wrong beside it or with it", () => {
  const texts = [
    "notify: { address: 1, code: hunter2 }",
    "notify: { address: a, code: hunter2hunter2 }",
    "notify: { address: a, code: [hunter2] }",
    "notify: { address: a, cod: hunter2 }",
    "notify: { address: a, smtp_password: hunter2 }",
    "notify: { address: a, code: hunter2, size: 1 }",
    "notify: { address: 1, code: |\n    hunter2\n  }",
    "notify:\n  address: 1\n  code: |\n    hunter2\n  size: x",
    "notify: { address: a, login: { name: hunter2, word: hunter2 } }",
    "notify: { address: a, login: hunter2 }",
    "notify:\n  password: hunter2\n bad: 1",
    "api_token: hunter2 }",
    'notify: { "password": "hunter2", [ }',
    "notify: { address: a, code: hunter2, code: hunter2 }",
  ];
  for (const text of texts) {
    const message = messageOf(text);
    assert.notEqual(message, "", text);
    assert.doesNotMatch(message, /hunter/, text);
  }
});

void test("no error shows a secret from the environment", () => {
  for (const name of ["code", "login__word", "password", "cod"]) {
    const environment = { [`CBI_CONFIG__notify__${name}`]: "[hunter2]" };
    const message = messageOf("notify: { address: a }", environment);
    assert.match(message, new RegExp(`CBI_CONFIG__notify__${name}`));
    assert.doesNotMatch(message, /hunter/);
  }
});
