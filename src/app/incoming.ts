/** The URL of a request; `null` where it has none that can be read, e.g. for a `Host` header with a space. */
export function urlOf(request: Request): URL | null {
  try {
    return new URL(request.url);
  } catch {
    return null;
  }
}
