/**
 * A transport without a network: a request becomes a connection whose both ends are in the test's hands.
 *
 * @module
 */

import type { Gate, MountedTransport, Socket, SocketSink, Transport } from "../../mod.ts";
import type { Turn } from "../../src/protocol/turn.ts";

/** The client's end of a connection. */
export class MemorySocket implements Socket {
  readonly bufferedBytes = 0;
  readonly coalesces = false;
  /** What was sent to the client. */
  readonly sent: unknown[] = [];
  /** How the server closed it. */
  closedWith: { code: number; reason: string } | null = null;

  send(turn: Turn): void {
    for (const frame of turn.frames) this.sent.push(frame.data);
  }

  close(code: number, reason: string): void {
    this.closedWith = { code, reason };
  }
}

/** A transport whose connections open when the test says so. */
export class MemoryTransport implements Transport, MountedTransport {
  readonly name = "memory";
  readonly segment = "memory";
  readonly raw = true;
  /** The server's ends, in the order in which they were accepted. */
  readonly sinks: SocketSink[] = [];

  mount(): MountedTransport {
    return this;
  }

  handle(_request: Request, gate: Gate): Response | Promise<Response> {
    return gate.admit(({ connect }) => {
      this.sinks.push(connect());
      return new Response("accepted");
    });
  }

  /** Opens the connection that was accepted last. */
  open(): MemorySocket {
    const socket = new MemorySocket();
    this.sinks.at(-1)!.opened(socket);
    return socket;
  }
}
