import { Values } from "../base/values.ts";
import type { UpgradeRequest } from "./middleware.ts";

/** One request on its way through the middleware. What no step asks for is not made. */
export class Upgrade implements UpgradeRequest {
  readonly url: URL;
  readonly remoteAddress: string;
  readonly transport: string;
  readonly #of: { readonly request: Request };
  #values: Values | null = null;
  #responseHeaders: Headers | null = null;

  /** `of`: is asked for the request only when a step wants to see it. */
  constructor(of: { readonly request: Request }, url: URL, remoteAddress: string, transport: string) {
    this.#of = of;
    this.url = url;
    this.remoteAddress = remoteAddress;
    this.transport = transport;
  }

  get request(): Request {
    return this.#of.request;
  }

  get values(): Values {
    return this.#values ??= new Values();
  }

  /** What was left with it; `null` for nothing. */
  get left(): Values | null {
    return this.#values;
  }

  get responseHeaders(): Headers {
    return this.#responseHeaders ??= new Headers();
  }

  /** `response` with the headers that steps have asked for. */
  answered(response: Response): Response {
    for (const [name, value] of this.#responseHeaders ?? []) response.headers.append(name, value);
    return response;
  }
}
