import { App, type AppOptions, type Listening } from "../../mod.ts";
import { addChat } from "../../src/server/chat.ts";
import { answerSite } from "../../src/server/site.ts";

/** The chat and its page in this process, so that a test can look at the app. */
export class PageServer implements AsyncDisposable {
  readonly app: App;
  readonly port: number;
  readonly #listening: Listening;

  /** `size`: how many messages of a room are kept. */
  constructor(size = 1_000, options: AppOptions = {}) {
    this.app = new App({ ...options, fallback: answerSite });
    addChat(this.app, { size, ttlMs: 3_600_000 });
    this.#listening = this.app.listen({ port: 0, signals: false });
    this.port = this.#listening.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listening.close({ deadlineMs: 1_000 });
  }
}
