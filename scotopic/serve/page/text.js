/** The texts of the page: one table for each language, `t` for those that have values in them. */
import { texts } from "./texts/en.js";

/**
 * A text with its values filled in: `t("count", {n: 3})` puts 3 for `{n}`. A key that has a
 * variant `key.one` uses it where `n` is 1.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const one = values.n === 1 ? texts[`${key}.one`] : undefined;
  const text = one ?? texts[key];
  if (text === undefined) throw new Error(`no text ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** Whether there is a text with this key. */
export const hasText = (key) => Object.hasOwn(texts, key);

/** Fill in the texts that the document names by data-text and data-label. */
export function fillTexts(root) {
  for (const node of root.querySelectorAll("[data-text]")) node.textContent = t(node.dataset.text);
  for (const node of root.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", t(node.dataset.label));
    if (node.tagName === "BUTTON") node.title = t(node.dataset.label);
  }
}
