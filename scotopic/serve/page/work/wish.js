/** What a person asks for of one picture. */

export const PLAIN = Object.freeze({
  ev: 0,
  balance: 1,
  strength: 1,
  format: "",
  quality: null,
  strip: false,
});

/** What is asked of the network for a preview: the strength is applied by the page. */
export const ofPreview = ({ ev, balance, format, strip }) => ({
  ev,
  balance,
  strength: 1,
  format,
  strip,
});

/** Whether a preview that was made by one wish is that of another one. */
export function isPreviewOf(made, wish) {
  const asked = ofPreview(wish);
  return Object.keys(asked).every((name) => made[name] === asked[name]);
}

/** The wish as text: two that are equal give the same result. */
export const keyOf = (wish) => JSON.stringify(Object.keys(PLAIN).map((name) => wish[name]));

/** Whether the exposure is that of a new picture. */
export const isAutomatic = (wish) =>
  ["ev", "balance", "strength"].every((name) => wish[name] === PLAIN[name]);
