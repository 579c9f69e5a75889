/** Numbers and texts in bytes. */

/** Bytes one after the other. */
export function joined(parts) {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** A whole number of so many bytes; a smaller one if it reaches past the end. */
export function number(bytes, at, size, isLittle = false) {
  let value = 0;
  const end = Math.min(at + size, bytes.length);
  if (isLittle) for (let i = end - 1; i >= at; i--) value = value * 256 + bytes[i];
  else for (let i = at; i < end; i++) value = value * 256 + bytes[i];
  return value;
}

/** A whole number of 32 bits as bytes. */
export function bytesOf(value, isLittle = false) {
  const bytes = [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
  return Uint8Array.from(isLittle ? bytes.reverse() : bytes);
}

/** Bytes as text, one character for each. */
export function latin(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}

/** A text of such characters as bytes. */
export function ofLatin(text) {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Whether bytes stand at an offset, given as such a text. */
export function hasAt(bytes, at, text) {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Where such a text stands from an offset on; -1 if nowhere. */
export function indexOf(bytes, text, from = 0, end = bytes.length) {
  const first = text.charCodeAt(0);
  for (
    let at = bytes.indexOf(first, from);
    at >= 0 && at + text.length <= end;
    at = bytes.indexOf(first, at + 1)
  ) {
    if (hasAt(bytes, at, text)) return at;
  }
  return -1;
}
