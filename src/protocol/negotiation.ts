/**
 * Which codec a client gets: the one whose version its `vsn` asks for.
 *
 * @module
 */

import { TroupeError } from "../base/errors.ts";
import type { Codec } from "./codec.ts";

/** The version of the wire that a client without a `vsn` speaks. */
export const DEFAULT_VSN = "1.0.0";

/** The longest `vsn` that is looked at, in UTF-16 units. */
const MAX_VSN_LENGTH = 64;

/** A version with its three numbers captured (Semantic Versioning 2.0.0); suffixes are allowed, not captured. */
const VERSION =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** A pre-release comes before the version that it leads to. */
  readonly isPreRelease: boolean;
}

/**
 * Finds the first codec that a client with this `vsn` can speak: same major and minor number, and a patch number that
 * is not lower (`~>` in Phoenix's words). A codec's version stands at the end of its name, after the `/`.
 *
 * `null` for `vsn` means that the client gave none: then it speaks {@link DEFAULT_VSN}. The result is `null` if `vsn`
 * is not a version or no codec fits: refuse the connection with status 403.
 *
 * @example
 * ```ts
 * import { phoenixV1, phoenixV2, phoenixV21, selectCodec } from "@troupe/core/protocol";
 * import { assertStrictEquals } from "@std/assert";
 *
 * const codecs = [phoenixV1, phoenixV2, phoenixV21];
 * assertStrictEquals(selectCodec("2.0.0", codecs), phoenixV2);
 * assertStrictEquals(selectCodec(null, codecs), phoenixV1);
 * assertStrictEquals(selectCodec("3.0.0", codecs), null);
 * ```
 */
export function selectCodec(vsn: string | null, codecs: readonly Codec[]): Codec | null {
  const version = vsn ?? DEFAULT_VSN;
  for (const codec of codecs) if (codec.name.endsWith(`/${version}`)) return codec; // as most clients ask
  const asked = parseVersion(version);
  if (asked === null) return null;
  return codecs.find((codec) => fits(asked, versionOf(codec))) ?? null;
}

/**
 * Checks a list of codecs before the first connection: each name ends in `/` and a version, and no two have the same
 * major and minor number (the second would never be chosen). Throws a {@link TroupeError} with the code
 * `invalid_codec`.
 */
export function checkCodecs(codecs: readonly Codec[]): void {
  const taken = new Map<string, string>();
  for (const codec of codecs) {
    const { major, minor } = versionOf(codec);
    const other = taken.get(`${major}.${minor}`);
    if (other !== undefined) {
      throw new TroupeError(
        "invalid_codec",
        `Cannot use the codec "${codec.name}" beside "${other}": a client's vsn could not choose between them`,
        { details: { name: codec.name, other } },
      );
    }
    taken.set(`${major}.${minor}`, codec.name);
  }
}

function versionOf(codec: Codec): Version {
  const version = parseVersion(codec.name.slice(codec.name.lastIndexOf("/") + 1));
  if (version !== null && codec.name.includes("/")) return version;
  throw new TroupeError(
    "invalid_codec",
    `Cannot use the codec "${codec.name}": its name must end in "/" and a version, such as "phoenix/2.0.0"`,
    { details: { name: codec.name } },
  );
}

function parseVersion(text: string): Version | null {
  if (text.length > MAX_VSN_LENGTH) return null;
  const parts = VERSION.exec(text);
  if (parts === null) return null;
  return {
    major: Number(parts[1]),
    minor: Number(parts[2]),
    patch: Number(parts[3]),
    isPreRelease: parts[4] !== undefined,
  };
}

function fits(asked: Version, spoken: Version): boolean {
  if (asked.major !== spoken.major || asked.minor !== spoken.minor) return false;
  if (asked.patch !== spoken.patch) return asked.patch > spoken.patch;
  return !asked.isPreRelease || spoken.isPreRelease;
}
