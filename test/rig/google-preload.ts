/**
 * Loaded before `cbi` by a test (`--import`): whoever asks Google's hosts asks servers of the test instead, by
 * `CBI_TEST_GOOGLE`, an origin that serves `/token` and BigQuery's calls. Nothing of the product knows of it.
 */
const origin = process.env["CBI_TEST_GOOGLE"];
const real = globalThis.fetch;

const redirected: typeof fetch = (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input);
  if (!url.hostname.endsWith(".googleapis.com")) return Promise.reject(new Error(`no ${url.host}`));
  return real(new URL(`${url.pathname}${url.search}`, origin), init);
};

globalThis.fetch = redirected;
// Google's library asks by this one where there is a window, and by sockets of its own where not.
Object.assign(globalThis, { window: { fetch: redirected } });
