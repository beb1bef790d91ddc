import type { SimClient } from "./sim_client.ts";

/** A sign of life that a client asks its server for, now and then: where nothing comes, it gives its connection up. */
export class Heart {
  readonly #client: SimClient;
  readonly #periodMs: number;
  #socket: WebSocket | null = null;
  #heard = true;

  constructor(client: SimClient, periodMs: number) {
    this.#client = client;
    this.#periodMs = periodMs;
  }

  /** Beats for this connection from now on. `ask`: asks for a sign of life; `giveUp`: none has come. */
  start(socket: WebSocket, ask: () => void, giveUp: () => void): void {
    this.#socket = socket;
    this.#heard = true;
    const beat = (): void => {
      this.#client.ports.world.after(this.#client.party, this.#periodMs, () => {
        if (socket !== this.#socket) return;
        if (!this.#heard) {
          socket.close(1000, "heartbeat timeout");
          return giveUp();
        }
        this.#heard = false;
        ask();
        beat();
      });
    };
    beat();
  }

  /** Something has come. */
  hears(): void {
    this.#heard = true;
  }

  /** The connection has gone. */
  stop(): void {
    this.#socket = null;
  }
}
