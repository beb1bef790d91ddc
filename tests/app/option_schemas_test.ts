import { assertEquals, assertThrows } from "@std/assert";
import { App, TroupeError } from "../../mod.ts";
import { completeLimits } from "../../src/app/option_schemas.ts";

/** What `new App(options)` says about options that the compiler would not let through. */
function complaint(options: unknown): string {
  const error = assertThrows(() => new App(options as Record<string, never>), TroupeError);
  assertEquals(error.code, "invalid_options");
  return error.message;
}

Deno.test("An option that does not exist is refused, with those that do", () => {
  assertEquals(
    complaint({ autenticate: () => null }),
    'Cannot use the options of new App: Unrecognized key: "autenticate". Accepted: authenticate, path, basePath, ' +
      "origin, cookies, subProtocols, limits, addresses, middleware, fallback, guardRejections, signals, secret, codecs, transports, log, logger, clock, random, " +
      "scheduler",
  );
  assertEquals(
    complaint({ scheduler: { max: 1 } }),
    "Cannot use the options of new App: at scheduler: Unrecognized key: " +
      '"max". Accepted: turns, order, maxSteps, maxMs',
  );
});

Deno.test("An option of a wrong kind is refused, with what came and what is accepted", () => {
  const at = "Cannot use the options of new App: at ";
  const cases: [unknown, string][] = [
    [
      { authenticate: "yes" },
      `${at}authenticate: expected a function (handshake) => a user, null or a Response, got a string`,
    ],
    [
      { fallback: {} },
      `${at}fallback: expected a function (request, remoteAddress) => Response, got an object`,
    ],
    [{ path: "socket" }, `${at}path: expected a path that begins with "/", or false, got a string`],
    [{ path: true }, `${at}path: expected a path that begins with "/", or false, got a boolean`],
    [{ basePath: "realtime" }, `${at}basePath: expected a path that begins with "/", or "", got a string`],
    [
      { origin: "sam" },
      `${at}origin: expected "same", "any", a list of origins, or a function (origin, request) => boolean`,
    ],
    [{ subProtocols: "chat" }, `${at}subProtocols: expected a list of names, got a string`],
    [{ subProtocols: ["a b"] }, `${at}subProtocols.0: not a name that a header can hold`],
    [{ guardRejections: "yes" }, `${at}guardRejections: expected true or false, got a string`],
    [{ signals: 1 }, `${at}signals: expected true or false, got a number`],
    [{ logger: console.log }, `${at}logger: expected a logger, with log(), got a function`],
    [{ logger: {} }, `${at}logger: expected a logger, with log(), got an object`],
    [
      { clock: Date },
      `${at}clock: expected a clock, with now(), elapsedMs(), setTimer(), clearTimer(), got a function`,
    ],
    [
      { random: Math.random },
      `${at}random: expected a source of randomness, with float(), integer(), uuid(), got a function`,
    ],
    [{ transports: [{}] }, `${at}transports.0: expected a transport, with mount(), got an object`],
    [
      { codecs: [null] },
      `${at}codecs.0: expected a codec, with decode(), reply(), push(), publication(), ended(), got null`,
    ],
  ];
  for (const [options, message] of cases) assertEquals(complaint(options).split("\n")[0], message);
});

Deno.test("Options that are no options are refused", () => {
  for (const wrong of [null, 7, "options", []]) complaint(wrong);
});

Deno.test("No transports and no codecs are too few", () => {
  complaint({ transports: [] });
  complaint({ codecs: [] });
});

Deno.test("A limit is a positive whole number, a time is not negative: anything else names the limit", () => {
  for (const wrong of [0, -1, 1.5, NaN, Infinity, "7", null]) {
    assertEquals(complaint({ limits: { maxChannels: wrong } }).includes("at limits.maxChannels: "), true);
  }
  for (const wrong of [-1, NaN, Infinity, "7"]) {
    assertEquals(complaint({ limits: { idleMs: wrong } }).includes("at limits.idleMs: "), true);
  }
  assertEquals(
    complaint({ limits: { maxChanels: 7 } }).includes('Unrecognized key: "maxChanels". Accepted: maxCh'),
    true,
  );
});

Deno.test("A bad path, origin or codec of an app is named", () => {
  const codes: [unknown, string][] = [
    [{ path: "/a?b" }, "bad_path"],
    [{ basePath: "/a#b" }, "bad_path"],
    [{ origin: ["chat.example"] }, "bad_origin"],
    [{
      codecs: [{ name: "mine", decode() {}, reply() {}, push() {}, publication() {}, ended() {} }],
    }, "invalid_codec"],
  ];
  for (const [options, code] of codes) {
    assertEquals(assertThrows(() => new App(options as Record<string, never>), TroupeError).code, code);
  }
});

Deno.test("app.socket, app.listen and app.close refuse what they do not know", async () => {
  await using app = new App();
  const wrong = { surely: "wrong" } as object;
  const calls: [() => unknown, string][] = [
    [() => app.socket("/x", wrong), "app.socket: Unrecognized"],
    [
      () => app.socket("/x", { limits: { maxTopics: 7 } as object }),
      "app.socket: at limits: Unrec",
    ],
    [() => app.socket("/x", { origin: 7 as never }), 'app.socket: at origin: expected "same"'],
    [() => app.listen(wrong), "app.listen: Unrecognized"],
    [() => app.listen({ port: 70_000 }), "app.listen: at port: "],
    [
      () => app.listen({ port: "80" as never }),
      "app.listen: at port: expected a whole number from 0 to 65535",
    ],
    [
      () => app.listen({ signal: {} as never }),
      "app.listen: at signal: expected an AbortSignal, with ",
    ],
    [() => app.close({ deadlineMs: -1 }), "app.close: at deadlineMs: "],
  ];
  for (const [call, message] of calls) {
    assertEquals(
      assertThrows(call, TroupeError, `Cannot use the options of ${message}`).code,
      "invalid_options",
    );
  }
});

Deno.test("Limits that are not given, or undefined, have their defaults; a mount's own go before the app's", () => {
  const limits = completeLimits({ maxChannels: 7, idleMs: 5 }, { maxChannels: undefined, idleMs: 1 });
  assertEquals([limits.maxChannels, limits.idleMs, limits.maxTopicBytes], [7, 1, 512]);
});
