/** What a message says: `[join_ref, ref, topic, event, payload]`. */
type Said = readonly [
  joinRef: string | null,
  ref: string | null,
  topic: string,
  event: string,
  payload: object,
];

/** What a client says over its connections: numbers it, and may say several things in one frame. */
export class RawMouth {
  /** The last ref that it has given. */
  ref = 0;
  /** `null`: there is no connection that it could be said over. */
  #socket: WebSocket | null = null;
  /** What is said together; `null`: each by itself. */
  #batch: Said[] | null = null;

  get isOpen(): boolean {
    return this.#socket !== null;
  }

  opened(socket: WebSocket): void {
    this.#socket = socket;
  }

  closed(): void {
    this.#socket = null;
  }

  /** Says something, and gives its ref. */
  push(joinRef: string | null, topic: string, event: string, payload: object): string {
    const ref = String(++this.ref);
    this.say([joinRef, ref, topic, event, payload]);
    return ref;
  }

  say(said: Said): void {
    if (this.#batch !== null) this.#batch.push(said);
    else this.#socket?.send(JSON.stringify(said));
  }

  /** What `task` says goes in one frame. */
  inOne(task: () => void): void {
    const batch: Said[] = this.#batch = [];
    try {
      task();
    } finally {
      this.#batch = null;
      if (batch.length > 0) this.#socket?.send(JSON.stringify(batch));
    }
  }
}
