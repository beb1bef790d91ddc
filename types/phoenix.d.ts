/**
 * Types for the published `phoenix` JavaScript client, 1.8.16: the package carries none. From its source
 * (`assets/js/phoenix/*.js`), public parts only.
 */

declare module "phoenix" {
  /** A message in the client's own words, as a custom `encode` gets it and a custom `decode` gives it. */
  export interface Message {
    join_ref: string | null;
    ref: string | null;
    topic: string;
    event: string;
    // The client hands over whatever the decoder made of it; a reply's is `{ status, response }`.
    payload: unknown;
  }

  /** A message on its way out. A heartbeat has no `join_ref`. */
  export interface OutgoingMessage extends Omit<Message, "join_ref"> {
    join_ref?: string | null;
  }

  /** Turns a message into text or bytes; calls `callback` with it, at once or later. */
  export type Encode = (message: OutgoingMessage, callback: (encoded: string | ArrayBuffer) => void) => void;
  /** Turns what came into messages; calls `callback` for each. */
  export type Decode = (raw: string | ArrayBuffer, callback: (message: Message) => void) => void;

  /** The part of `WebSocket` that the client uses of a transport. */
  export interface TransportInstance {
    readonly readyState: number;
    readonly bufferedAmount?: number;
    /** Whether the transport needs no heartbeats. */
    readonly skipHeartbeat?: boolean;
    // Method syntax on purpose: WebSocket's own handlers take narrower events.
    send(data: string | ArrayBuffer): void;
    close(code?: number, reason?: string): void;
  }
  /** A class of transports: `WebSocket`, {@link LongPoll}, or your own. */
  export type Transport = new (endPoint: string, protocols?: string[]) => TransportInstance;

  /** Where the client remembers that only long-poll works. `sessionStorage` fits. */
  export interface SessionStorage {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
    removeItem?(key: string): void;
  }

  export interface SocketOptions {
    /** Default: the global `WebSocket`, or long-poll where there is none. */
    transport?: Transport;
    /** After how many milliseconds without a connection to try long-poll. Default: never. */
    longPollFallbackMs?: number;
    /** Whether to log to the console. Default: `false`. */
    debug?: boolean;
    /** Ignored with {@link LongPoll} as `transport`. */
    encode?: Encode;
    /** Ignored with {@link LongPoll} as `transport`. */
    decode?: Decode;
    /** When a push without a reply times out, in milliseconds. Default: 10,000. */
    timeout?: number;
    /** Default: 30,000. */
    heartbeatIntervalMs?: number;
    /** The wait before the `tries`th reconnect, in milliseconds. */
    reconnectAfterMs?: (tries: number) => number;
    /** The wait before the `tries`th rejoin of a channel, in milliseconds. */
    rejoinAfterMs?: (tries: number) => number;
    logger?: ((kind: string, message: string, data?: unknown) => void) | null;
    /** Milliseconds. Default: 20,000. */
    longpollerTimeout?: number;
    /** Query parameters of the connection. */
    params?: Record<string, unknown> | (() => Record<string, unknown>);
    /** A token that goes as a sub-protocol (WebSocket) or as a header (long-poll). */
    authToken?: string | (() => string);
    /** Default: `"arraybuffer"`. */
    binaryType?: BinaryType;
    /** The version of the wire protocol. Default: `"2.0.0"`. */
    vsn?: string;
    sessionStorage?: SessionStorage;
  }

  export type ConnectionState = "connecting" | "open" | "closing" | "closed";
  export type ChannelState = "closed" | "errored" | "joined" | "joining" | "leaving";
  /** Names a registered callback of a socket, for {@link Socket.off}. */
  export type CallbackRef = string;

  export class Socket {
    constructor(endPoint: string, options?: SocketOptions);
    /** The transport of the current connection. */
    readonly conn: TransportInstance | null;
    readonly channels: Channel[];
    transport: Transport;
    readonly timeout: number;
    readonly vsn: string;
    connect(params?: Record<string, unknown>): void;
    disconnect(callback?: () => void, code?: number, reason?: string): void;
    replaceTransport(transport: Transport): number;
    getLongPollTransport(): typeof LongPoll;
    protocol(): "ws" | "wss";
    endPointURL(): string;
    connectionState(): ConnectionState;
    isConnected(): boolean;
    channel(topic: string, params?: object | (() => object)): Channel;
    push(message: OutgoingMessage, channel?: Channel): void;
    makeRef(): string;
    /** Sends a heartbeat; `callback` gets the round trip in milliseconds. `false` if there is no connection. */
    ping(callback: (roundTripMs: number) => void): boolean;
    onOpen(callback: () => void): CallbackRef;
    onClose(callback: (event: CloseEvent) => void): CallbackRef;
    onError(
      callback: (error: unknown, transport: Transport, establishedConnections: number) => void,
    ): CallbackRef;
    onMessage(callback: (message: Message) => void): CallbackRef;
    off(refs: readonly CallbackRef[]): void;
    log(kind: string, message: string, data?: unknown): void;
    hasLogger(): boolean;
    /** Not public there; overridden by our client. Called by `connect` where `longPollFallbackMs` is given. */
    protected connectWithFallback(fallbackTransport: Transport, afterMs: number): void;
    /** Not public there. Makes a connection over the current transport. */
    protected transportConnect(): void;
    /** Not public there. The token of the next connection. */
    protected authToken: (() => string) | undefined;
    /** Not public there. Connects again after `reconnectAfterMs`. */
    protected readonly reconnectTimer: { scheduleTimeout(): void; reset(): void };
    /** Not public there. Whether nobody wants the connection to come back by itself. */
    protected readonly closeWasClean: boolean;
  }

  export class Channel {
    constructor(topic: string, params: object | (() => object), socket: Socket);
    readonly topic: string;
    readonly state: ChannelState;
    readonly socket: Socket;
    readonly joinPush: Push;
    params: () => object;
    timeout: number;
    /** Once per instance; a second call throws. */
    join(timeoutMs?: number): Push;
    leave(timeoutMs?: number): Push;
    /** `payload` is an object for JSON, or an `ArrayBuffer` for a binary message. Throws before the join. */
    push(event: string, payload?: object | ArrayBuffer, timeoutMs?: number): Push;
    // A handler says itself what it expects: the client checks nothing.
    on<T = unknown>(
      event: string,
      callback: (payload: T, ref?: string | null, joinRef?: string | null) => void,
    ): number;
    off(event: string, ref?: number): void;
    onClose(callback: (payload: unknown, ref?: string | null, joinRef?: string | null) => void): void;
    onError(callback: (reason: unknown) => void): number;
    /** Overridable: sees every event of the channel first; returns the payload. */
    onMessage(event: string, payload: unknown, ref?: string | null, joinRef?: string | null): unknown;
    /** Not public there. What it does about an event of the server's. */
    trigger(event: string, payload: object): void;
    /** The name of the current incarnation; `null` before the join. */
    joinRef(): string | null;
  }

  export class Push {
    constructor(channel: Channel, event: string, payload: () => object, timeoutMs: number);
    readonly channel: Channel;
    readonly event: string;
    readonly ref: string | null | undefined;
    readonly sent: boolean;
    timeout: number;
    /** `status` is `ok`, `error`, `timeout`, or one of the server's own. */
    receive<T = unknown>(status: string, callback: (response: T) => void): this;
    send(): void;
    resend(timeoutMs: number): void;
    /** Not public there: its time-out is not told any more. */
    cancelTimeout(): void;
  }

  /** One presence: its metas, one for each tab or device. */
  export interface PresenceEntry<Meta = Record<string, unknown>> {
    metas: Array<Meta & { phx_ref: string; phx_ref_prev?: string }>;
  }
  export type PresenceState<Meta = Record<string, unknown>> = Record<string, PresenceEntry<Meta>>;
  export interface PresenceDiff<Meta = Record<string, unknown>> {
    joins: PresenceState<Meta>;
    leaves: PresenceState<Meta>;
  }
  export type PresenceOnJoin<Meta = Record<string, unknown>> = (
    key: string,
    current: PresenceEntry<Meta> | undefined,
    joined: PresenceEntry<Meta>,
  ) => void;
  export type PresenceOnLeave<Meta = Record<string, unknown>> = (
    key: string,
    current: PresenceEntry<Meta>,
    left: PresenceEntry<Meta>,
  ) => void;

  export class Presence<Meta = Record<string, unknown>> {
    constructor(channel: Channel, options?: { events?: { state: string; diff: string } });
    readonly state: PresenceState<Meta>;
    readonly channel: Channel;
    onJoin(callback: PresenceOnJoin<Meta>): void;
    onLeave(callback: PresenceOnLeave<Meta>): void;
    onSync(callback: () => void): void;
    list(): Array<PresenceEntry<Meta>>;
    list<T>(chooser: (key: string, presence: PresenceEntry<Meta>) => T): T[];
    inPendingSyncState(): boolean;
    static syncState<Meta>(
      current: PresenceState<Meta>,
      next: PresenceState<Meta>,
      onJoin?: PresenceOnJoin<Meta>,
      onLeave?: PresenceOnLeave<Meta>,
    ): PresenceState<Meta>;
    static syncDiff<Meta>(
      state: PresenceState<Meta>,
      diff: PresenceDiff<Meta>,
      onJoin?: PresenceOnJoin<Meta>,
      onLeave?: PresenceOnLeave<Meta>,
    ): PresenceState<Meta>;
    static list<Meta>(presences: PresenceState<Meta>): Array<PresenceEntry<Meta>>;
    static list<Meta, T>(
      presences: PresenceState<Meta>,
      chooser: (key: string, presence: PresenceEntry<Meta>) => T,
    ): T[];
  }

  /** The long-poll transport. */
  export class LongPoll implements TransportInstance {
    constructor(endPoint: string, protocols?: string[]);
    readonly readyState: number;
    readonly skipHeartbeat: true;
    onopen: (event: unknown) => void;
    onerror: (error: unknown) => void;
    onmessage: (event: { data: string }) => void;
    onclose: (event: CloseEvent) => void;
    send(data: string | ArrayBuffer): void;
    close(code?: number, reason?: string, wasClean?: boolean): void;
  }

  /** The client's own codec for `vsn` 2.0.0. */
  export const Serializer: { encode: Encode; decode: Decode };
}
