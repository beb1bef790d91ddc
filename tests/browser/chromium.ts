import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";

/** How Chromium is started. */
export const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** One Chromium, and pages that have nothing in common. */
export class Chromium implements AsyncDisposable {
  /** What pages complained about: errors of scripts, and of the console. */
  readonly faults: string[] = [];
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async launch(executablePath: string): Promise<Chromium> {
    return new Chromium(await chromium.launch({ executablePath, args: ARGS }));
  }

  /** A page of a visitor of its own. */
  async open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
    return await this.openTab(await this.#browser.newContext(options), url);
  }

  /** One more page of a visitor. */
  async openTab(context: BrowserContext, url: string): Promise<Page> {
    const page = await context.newPage();
    page.on("pageerror", (error) => this.faults.push(error.message));
    page.on("console", (message) => {
      // A server that is away on purpose is told in the console by the browser itself.
      if (message.type() === "error" && !/WebSocket connection to|ERR_CONNECTION/.test(message.text())) {
        this.faults.push(message.text());
      }
    });
    await page.goto(url);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}
