/** A text as a column without a type has it: as it is, or, if it would not come back, its UTF-16 code units. */
export type StoredText = string | Uint8Array;

/** `text` in a form that comes back: `node:sqlite` cuts a text at U+0000, and replaces what is no Unicode. */
export function stored(text: string): StoredText {
  if (!text.includes("\0") && text.isWellFormed()) return text;
  const units = new Uint16Array(text.length);
  for (let i = 0; i < text.length; i++) units[i] = text.charCodeAt(i);
  return new Uint8Array(units.buffer);
}

/** The text that was given to {@link stored}. */
export function restored(value: StoredText): string {
  if (typeof value === "string") return value;
  let text = "";
  for (const unit of new Uint16Array(value.slice().buffer)) text += String.fromCharCode(unit);
  return text;
}
