/**
 * Types for what we use of Deno's standard library. Its npm package carries none, and an untyped package is silently
 * `any`. Signatures follow the library's own documentation; add a function here when you start to use it.
 */

declare module "@std/assert" {
  /** What every assertion of the library throws. */
  export class AssertionError extends Error {
    constructor(message: string, options?: ErrorOptions);
  }
  /** A class, abstract or not, whose instances are `T`. */
  // The constructor's parameters are irrelevant to `instanceof`.
  type ClassOf<T> = abstract new (...args: never[]) => T;

  export function assert(condition: unknown, msg?: string): asserts condition;
  export function assertFalse(condition: unknown, msg?: string): asserts condition is false;
  export function assertEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T;
  export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertAlmostEquals(
    actual: number,
    expected: number,
    tolerance?: number,
    msg?: string,
  ): void;
  export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T>;
  export function assertMatch(actual: string, expected: RegExp, msg?: string): void;
  export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void;
  export function assertStringIncludes(actual: string, expected: string, msg?: string): void;
  export function assertArrayIncludes<T>(actual: ArrayLike<T>, expected: ArrayLike<T>, msg?: string): void;
  export function assertObjectMatch(
    actual: object,
    expected: Readonly<Record<PropertyKey, unknown>>,
    msg?: string,
  ): void;
  export function assertGreater<T>(actual: T, expected: T, msg?: string): void;
  export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
  export function assertLess<T>(actual: T, expected: T, msg?: string): void;
  export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;
  export function assertInstanceOf<T>(
    actual: unknown,
    expectedType: ClassOf<T>,
    msg?: string,
  ): asserts actual is T;
  export function assertIsError<E extends Error = Error>(
    error: unknown,
    ErrorClass?: ClassOf<E>,
    msgMatches?: string | RegExp,
    msg?: string,
  ): asserts error is E;
  export function assertThrows(fn: () => unknown, msg?: string): unknown;
  export function assertThrows<E extends Error = Error>(
    fn: () => unknown,
    ErrorClass: ClassOf<E>,
    msgIncludes?: string,
    msg?: string,
  ): E;
  export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
  export function assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    ErrorClass: ClassOf<E>,
    msgIncludes?: string,
    msg?: string,
  ): Promise<E>;
  export function equal(a: unknown, b: unknown): boolean;
  export function fail(msg?: string): never;
  export function unreachable(msg?: string): never;
}

declare module "@std/async/deadline" {
  export interface DeadlineOptions {
    /** Rejects the promise when it is aborted. */
    signal?: AbortSignal;
  }
  /** The outcome of `p`, or a rejection with a `TimeoutError` after `ms` milliseconds. */
  export function deadline<T>(p: Promise<T>, ms: number, options?: DeadlineOptions): Promise<T>;
}

declare module "@std/async/delay" {
  export interface DelayOptions {
    /** Ends the wait with a rejection when it is aborted. */
    signal?: AbortSignal;
    /** Whether the timer keeps the process alive. Default: `true`. */
    persistent?: boolean;
  }
  export function delay(ms: number, options?: DelayOptions): Promise<void>;
}

declare module "@std/cli/parse-args" {
  /** What `parseArgs` reads: a value by flag, and what is no flag under `_`. */
  export interface Args {
    _: Array<string | number>;
    /** What follows `--`; only with `"--": true`. */
    "--"?: string[];
    [name: string]: unknown;
  }
  export interface ParseOptions {
    /** With `true`, what follows `--` goes to `"--"` instead of `_`. */
    "--"?: boolean;
    /** Other names of a flag. */
    alias?: Readonly<Record<string, string | readonly string[]>>;
    /** Flags without a value. */
    boolean?: boolean | string | readonly string[];
    /** Values of flags that are not given. */
    default?: Readonly<Record<string, unknown>>;
    /** Flags that may be given as `--no-flag`. */
    negatable?: string | readonly string[];
    /** Flags that may be given several times: their value is a list. */
    collect?: string | readonly string[];
    /** Flags whose value stays a string. */
    string?: string | readonly string[];
    /** Whether everything after the first argument that is no flag goes to `_`. */
    stopEarly?: boolean;
    /** Called for what no option names; `false` leaves it out of the result. */
    unknown?: (arg: string, key?: string, value?: unknown) => unknown;
  }
  export function parseArgs(args: readonly string[], options?: ParseOptions): Args;
}

declare module "@std/http/cookie" {
  export interface Cookie {
    name: string;
    value: string;
    /** When it ends: a date, or milliseconds since the Unix epoch. */
    expires?: Date | number;
    /** When it ends, in seconds from now. */
    maxAge?: number;
    domain?: string;
    path?: string;
    secure?: boolean;
    httpOnly?: boolean;
    partitioned?: boolean;
    sameSite?: "Strict" | "Lax" | "None";
    unparsed?: string[];
  }
  /** The cookies of a request, by name. */
  export function getCookies(headers: Headers): Record<string, string>;
  /** Appends a `Set-Cookie` header. */
  export function setCookie(headers: Headers, cookie: Cookie): void;
  /** Appends a `Set-Cookie` header that ends the cookie `name`. */
  export function deleteCookie(
    headers: Headers,
    name: string,
    attributes?: Pick<Cookie, "path" | "domain" | "secure" | "httpOnly" | "partitioned">,
  ): void;
  /** The cookies that a response sets. */
  export function getSetCookies(headers: Headers): Cookie[];
}

declare module "@std/http/server-sent-event-stream" {
  export interface ServerSentEventMessage {
    comment?: string;
    event?: string;
    data?: string;
    id?: string | number;
    retry?: number;
  }
  /** Encodes events. */
  export class ServerSentEventStream
    extends TransformStream<ServerSentEventMessage, Uint8Array<ArrayBuffer>> {}
}

declare module "@std/http/server-sent-event-parse-stream" {
  export interface ServerSentEventParsedMessage {
    comment?: string;
    event?: string;
    data?: string;
    id?: string;
    retry?: number;
  }
  /** Decodes events. */
  export class ServerSentEventParseStream
    extends TransformStream<Uint8Array<ArrayBuffer>, ServerSentEventParsedMessage> {
    constructor(options?: { ignoreComments?: boolean });
  }
}
