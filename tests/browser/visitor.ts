import type { Locator, Page } from "playwright-core";

/** What a person does and sees on the chat page, found as assistive technology finds it. */
export class Visitor {
  readonly page: Page;
  /** Where messages are written. */
  readonly text: Locator;
  /** The connection's state. */
  readonly state: Locator;

  constructor(page: Page) {
    this.page = page;
    this.text = page.getByRole("textbox", { name: "Message" });
    this.state = page.getByRole("banner").getByRole("status");
  }

  /** Fills the form and waits for the connection. */
  async join(nickname: string): Promise<void> {
    await this.page.getByLabel("Your name").fill(nickname);
    await this.page.getByRole("button", { name: "Join" }).click();
    await this.sees("Connected");
  }

  async say(text: string): Promise<void> {
    await this.text.fill(text);
    await this.page.getByRole("button", { name: "Send", exact: true }).click();
  }

  /** Waits for a state of the connection. */
  async sees(state: string): Promise<void> {
    await this.state.filter({ hasText: state }).waitFor();
  }

  /** Waits for a message of somebody; `You` is the visitor. */
  async hears(by: string, text: string): Promise<void> {
    const message = this.page.locator("#messages .message")
      .filter({ has: this.page.locator(".by").getByText(by, { exact: true }) })
      .filter({ has: this.page.locator(".text").getByText(text, { exact: true }) });
    await message.waitFor();
  }
}
