/// <reference lib="dom" />

import { make } from "./elements.ts";

const HUES = 6;

/** The same colour for the same name, on every page: FNV-1a of its UTF-16 code units. */
export function hueOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % HUES;
}

/** The first letter of a name in a circle, for the eye alone. */
export function avatarOf(name: string): HTMLSpanElement {
  const avatar = make("span", "avatar", [...name][0].toUpperCase());
  avatar.ariaHidden = "true";
  return avatar;
}
