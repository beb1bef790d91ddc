import { type Channel, Socket } from "phoenix";
import { Inbox } from "./inbox.ts";

/** What a message of a room looks like to its members. */
export interface Said {
  readonly id: string;
  readonly by: string;
  readonly text: string;
  readonly at: string;
}

/** A status and what came with it. */
export type Reply = readonly [status: string, response: unknown];

/** Somebody in a room, with the published client. */
export class Member {
  readonly said = new Inbox<Said>();
  readonly typing = new Inbox<unknown>();
  readonly #socket: Socket;
  readonly #channel: Channel;

  /** Connects to the server at `url`, an `http:` one. */
  constructor(url: string, topic: string, params: object = {}) {
    this.#socket = new Socket(`${url.replace("http:", "ws:")}socket`);
    this.#socket.connect();
    this.#channel = this.#socket.channel(topic, params);
    this.#channel.on<Said>("said", this.said.put);
    this.#channel.on("typing", this.typing.put);
  }

  /** Joins; the first answer counts. */
  join(): Promise<Reply> {
    return replyTo(this.#channel.join());
  }

  push(event: string, payload: object = {}): Promise<Reply> {
    return replyTo(this.#channel.push(event, payload));
  }

  /** Goes away for good. */
  disconnect(): Promise<void> {
    return new Promise((resolve) => this.#socket.disconnect(resolve));
  }
}

function replyTo(push: ReturnType<Channel["push"]>): Promise<Reply> {
  return new Promise((resolve) => {
    for (const status of ["ok", "error", "timeout"]) {
      push.receive(status, (response) => resolve([status, response]));
    }
  });
}
