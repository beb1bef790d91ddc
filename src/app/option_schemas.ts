import { z } from "zod";
import { TroupeError } from "../base/errors.ts";
import type { ChangeableLimits, Limits } from "./options.ts";
import type { TrafficLimits } from "./traffic_limits.ts";

/** Describes what was given, for error messages: never the value itself, which may be a secret. */
function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function expected(what: string): { error: (issue: { input?: unknown }) => string } {
  return { error: ({ input }) => `expected ${what}, got ${kindOf(input)}` };
}

function fn(signature: string): z.ZodType<unknown> {
  return z.custom((value) => typeof value === "function", expected(`a function ${signature}`));
}

/** Something with these methods, its own or of its class. */
function port(name: string, methods: readonly string[]): z.ZodType<unknown> {
  const has = (value: object, method: string): boolean =>
    typeof (value as Record<string, unknown>)[method] === "function";
  return z.custom(
    (value) => typeof value === "object" && value !== null && methods.every((method) => has(value, method)),
    expected(`${name}, with ${methods.map((method) => `${method}()`).join(", ")}`),
  );
}

const flag = z.boolean(expected("true or false"));
const count = z.int(expected("a whole number")).positive();
const rate = z.number(expected("a number")).positive();
const durationMs = z.number(expected("a number of milliseconds")).nonnegative();

function path(otherwise: false | ""): z.ZodType<unknown> {
  return z.custom(
    (value) => value === otherwise || (typeof value === "string" && value.startsWith("/")),
    expected(`a path that begins with "/", or ${JSON.stringify(otherwise)}`),
  );
}

const origin = z.union([
  z.enum(["same", "any"]),
  z.array(z.string()),
  fn("(origin, request) => boolean"),
], {
  error: 'expected "same", "any", a list of origins, or a function (origin, request) => boolean',
});

// RFC 9110, section 5.6.2: what a token is made of.
const subProtocols = z.array(
  z.string(expected("a name")).regex(/^[\w!#$%&'*+.^`|~-]+$/, { error: "not a name that a header can hold" }),
  expected("a list of names"),
);

/** What {@link TrafficLimits} may hold, and the defaults. */
const traffic = {
  upgradesPerSecond: rate.default(200),
  upgradeBurst: count.default(1_000),
  maxTrackedAddresses: count.default(100_000),
  maxConnectionsPerAddress: count.default(10_000),
  maxConnectionsPerUser: count.default(1_000),
  maxAddressRules: count.default(100_000),
  messagesPerSecond: rate.default(1_000),
  messageBurst: count.default(5_000),
  joinsPerSecond: rate.default(50),
  joinBurst: count.default(500),
  bytesPerSecond: rate.default(4_194_304),
  byteBurst: count.default(33_554_432),
  maxThrottledMessages: count.default(1_000),
  slowHandlerMs: durationMs.default(50),
  maxLagMs: durationMs.default(500),
};

const limitsSchema = z.strictObject({
  maxChannels: count.default(100),
  maxPatterns: count.default(20),
  maxPatternTopics: count.default(100_000),
  maxMatches: count.default(1_000),
  maxTopicBytes: count.default(512),
  maxMessageBytes: count.default(1_048_576),
  channelMailbox: count.default(1_000),
  maxRefusedMessages: count.default(100),
  maxRequests: count.default(16),
  dedupeWindow: count.default(256),
  connectionMailbox: count.default(1_000),
  maxSubscriptions: count.default(100),
  topicMailbox: count.default(10_000),
  maxTopics: count.default(1_000_000),
  topicIdleMs: durationMs.default(10_000),
  maxReplay: count.default(1_000),
  maxReplayBytes: count.default(524_288),
  historyTimeoutMs: durationMs.default(5_000),
  appendTimeoutMs: durationMs.default(10_000),
  maxConnections: count.default(1_000_000),
  longpollSessions: count.default(100_000),
  longpollBodyBytes: count.default(8_000_000),
  bodyLingerMs: durationMs.default(500),
  outboxFrames: count.default(8_192),
  outboxBytes: count.default(1_048_576),
  transportFrames: count.default(256),
  transportBytes: count.default(65_536),
  flushesPerTurn: count.default(64),
  crowdSize: count.default(400),
  handshakesPerTurn: count.default(8),
  maxWaitingHandshakes: count.default(10_000),
  authenticateTimeoutMs: durationMs.default(5_000),
  expiringNoticeMs: durationMs.default(60_000),
  maxRevocations: count.default(100_000),
  revocationMs: durationMs.default(86_400_000),
  openTimeoutMs: durationMs.default(10_000),
  closeTimeoutMs: durationMs.default(10_000),
  idleMs: durationMs.default(60_000),
  componentIdleMs: durationMs.default(0),
  graceMs: durationMs.default(0),
  maxSuspendedSessions: count.default(10_000),
  maxSuspendedSessionsPerUser: count.default(10),
  ...traffic,
});

/** The limits that can be changed while an app runs. */
export const CHANGEABLE_LIMITS: readonly (keyof ChangeableLimits)[] = [
  "maxChannels",
  "maxPatterns",
  "maxTopicBytes",
  "maxMessageBytes",
  "maxConnections",
  "longpollSessions",
  "longpollBodyBytes",
  "authenticateTimeoutMs",
  "openTimeoutMs",
  "expiringNoticeMs",
  "maxRevocations",
  "revocationMs",
  ...Object.keys(traffic) as (keyof TrafficLimits)[],
];

const changeableSchema = z.strictObject(
  Object.fromEntries(CHANGEABLE_LIMITS.map((name) => [name, limitsSchema.shape[name].optional()])),
);

const pem = z.string(expected("a text in PEM")).startsWith("-----BEGIN ", {
  error: 'expected a text in PEM, which begins with "-----BEGIN "',
});
const networks = z.array(z.string(expected("an address or a network")), expected("a list of networks"));
const clock = port("a clock", ["now", "elapsedMs", "setTimer", "clearTimer"]);
const random = port("a source of randomness", ["float", "integer", "uuid"]);

/** The schemas of everything that an application is configured with, by who takes it. */
const SCHEMAS = {
  "new App": z.strictObject({
    authenticate: fn("(handshake) => a user, null or a Response").optional(),
    path: path(false).optional(),
    basePath: path("").optional(),
    origin: origin.optional(),
    cookies: z.enum(["allowed-origins", "any-origin"], {
      error: 'expected "allowed-origins" or "any-origin"',
    }).optional(),
    subProtocols: subProtocols.optional(),
    limits: limitsSchema.optional(),
    addresses: z.strictObject({
      allow: networks.optional(),
      deny: networks.optional(),
      trustedProxies: networks.optional(),
      forwardedHeader: z.enum(["x-forwarded-for", "forwarded"], {
        error: 'expected "x-forwarded-for" or "forwarded"',
      }).optional(),
    }).optional(),
    middleware: z.array(port("middleware", []), expected("a list of middleware")).optional(),
    fallback: fn("(request, remoteAddress) => Response").optional(),
    guardRejections: flag.optional(),
    signals: flag.optional(),
    secret: z.string(expected("a text")).optional(),
    codecs: z.array(port("a codec", ["decode", "reply", "push", "publication", "ended"])).nonempty()
      .optional(),
    transports: z.array(port("a transport", ["mount"])).nonempty().optional(),
    log: port("a log", ["head", "append", "read", "snapshot"]).optional(),
    logger: port("a logger", ["log"]).optional(),
    clock: clock.optional(),
    random: random.optional(),
    scheduler: z.strictObject({
      turns: port("a source of turns", ["request"]).optional(),
      order: random.optional(),
      maxSteps: count.optional(),
      maxMs: durationMs.optional(),
    }).optional(),
  }),
  "app.socket": z.strictObject({
    transports: z.array(port("a transport", ["mount"])).nonempty().optional(),
    origin: origin.optional(),
    subProtocols: subProtocols.optional(),
    limits: limitsSchema.pick({
      maxChannels: true,
      maxPatterns: true,
      maxTopicBytes: true,
      maxMessageBytes: true,
      outboxFrames: true,
      outboxBytes: true,
      idleMs: true,
      messagesPerSecond: true,
      messageBurst: true,
      joinsPerSecond: true,
      joinBurst: true,
      bytesPerSecond: true,
      byteBurst: true,
      maxThrottledMessages: true,
      graceMs: true,
    }).partial().optional(),
  }),
  "app.listen": z.strictObject({
    hostname: z.string(expected("a host name or an address")).min(1).optional(),
    port: z.int(expected("a whole number from 0 to 65535")).min(0).max(65_535).optional(),
    signal: port("an AbortSignal", ["addEventListener", "throwIfAborted"]).optional(),
    signals: flag.optional(),
    deadlineMs: durationMs.optional(),
    drainMs: durationMs.optional(),
    cert: pem.optional(),
    key: pem.optional(),
  }).refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    error: "cert and key go together: a certificate chain and its private key, both in PEM",
  }),
  "app.limits.set": changeableSchema,
  "app.close": z.strictObject({ deadlineMs: durationMs.optional() }),
  "app.drain": z.strictObject({
    overMs: durationMs.optional(),
    batch: count.optional(),
    reconnectOverMs: durationMs.optional(),
  }),
} as const;

/**
 * Refuses options that make no sense: an unknown name (most often a slip of the pen, which would be silent otherwise),
 * a value of a wrong kind.
 *
 * @param taker Who takes them: names the schema, and stands in the message.
 * @throws {TroupeError} `invalid_options`, naming the option at fault, what came and what is accepted.
 */
export function checkOptions(
  taker: "app.limits.set" | "new App" | "app.socket" | "app.listen" | "app.close" | "app.drain",
  options: unknown,
): void {
  const schema = SCHEMAS[taker];
  const result = schema.safeParse(options);
  if (result.success) return;
  const [issue] = result.error.issues;
  const at = issue.path.map(String).join(".");
  const accepted = issue.code === "unrecognized_keys" ? keysAt(schema, issue.path) : null;
  throw new TroupeError(
    "invalid_options",
    `Cannot use the options of ${taker}: ${at === "" ? "" : `at ${at}: `}${issue.message}` +
      (accepted === null ? "" : `. Accepted: ${accepted.join(", ")}`),
    { details: { taker, at, ...(accepted !== null && { accepted }) } },
  );
}

/** The first limits, where later ones do not say otherwise, and the defaults. They have been checked before. */
export function completeLimits(...limits: readonly (Limits | undefined)[]): Required<Limits> {
  const given = limits.flatMap((each) => Object.entries(each ?? {})).filter(([, value]) =>
    value !== undefined
  );
  return limitsSchema.parse(Object.fromEntries(given));
}

function keysAt(schema: z.ZodObject, at: readonly PropertyKey[]): string[] {
  let shape: z.ZodObject = schema;
  for (const key of at) {
    const inner: unknown = shape.shape[String(key)];
    shape = (inner instanceof z.ZodOptional ? inner.unwrap() : inner) as z.ZodObject;
  }
  return Object.keys(shape.shape);
}
