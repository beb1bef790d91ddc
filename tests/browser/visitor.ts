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

  /** Who is here, as the page says it: the count, and the names. */
  async people(): Promise<{ title: string; names: string[] }> {
    const people = this.page.getByRole("region", { name: /here$/ });
    return {
      title: await people.getByRole("heading").innerText(),
      names: await people.getByRole("listitem").locator(".name").allInnerTexts(),
    };
  }

  /** Waits until the page says that so many are here. */
  async seesPeople(count: number): Promise<void> {
    await this.page.getByRole("heading", { name: `${count} here` }).waitFor();
  }

  /** Waits for a line about the connection, or the history. */
  async isTold(text: string): Promise<void> {
    await this.page.locator("#messages .notice").filter({ hasText: text }).waitFor();
  }

  /** Everything that the list shows, in order: texts of messages, and lines in brackets. */
  lines(): Promise<string[]> {
    return this.page.locator("#messages > li").evaluateAll((items) =>
      items.map((item) => item.querySelector(".text")?.textContent ?? `[${item.textContent}]`)
    );
  }

  /** Waits for a message of somebody; `You` is the visitor. */
  async hears(by: string, text: string): Promise<void> {
    const message = this.page.locator("#messages .message")
      .filter({ has: this.page.locator(".by").getByText(by, { exact: true }) })
      .filter({ has: this.page.locator(".text").getByText(text, { exact: true }) });
    await message.waitFor();
  }
}
