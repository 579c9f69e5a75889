/** A report in plain words. */
import { hasText, t } from "../text.js";

/** A size in bytes, as people say it. */
export function size(bytes) {
  const megabytes = bytes / 1e6;
  if (megabytes >= 1) return t("megabytes", { n: megabytes.toFixed(1) });
  return t("kilobytes", { n: Math.max(1, Math.round(bytes / 1e3)) });
}

/** "JPEG, 4000 × 3000, 3.2 MB" */
export function line({ format, width, height, bytes }, file) {
  return t("photo.line", { format, width, height, size: size(bytes ?? file.size) });
}

/**
 * What was decided: "Brightened by 2.1 stops. Held back where there is no signal."
 * @param {object} report Of a preview.
 */
export function decision({ decision: made }) {
  if (!made || !(made.gain > 0)) return "";
  const exact = Math.log2(made.gain),
    amount = Math.abs(exact).toFixed(1);
  const key =
    amount === "0.0" ? "decision.none" : exact > 0 ? "decision.brighter" : "decision.darker";
  const said = [t(key, { n: amount === "1.0" ? 1 : 2, stops: amount })];
  const limit = made.limited_by;
  if (limit && hasText(`limit.${limit}`)) said.push(t(`limit.${limit}`));
  return said.join(" ");
}

/** Rows of [name, value] of what the file says of the photo and what of it is kept. */
export function facts(report) {
  const exif = report.exif ?? {},
    rows = [];
  for (const key of ["camera", "lens", "taken", "exposure", "aperture", "iso", "focal_length"]) {
    if (exif[key]) rows.push([t(`exif.${key}`), String(exif[key])]);
  }
  if (exif.place !== undefined)
    rows.push([t("exif.place"), t(exif.place ? "place.there" : "place.none")]);
  const kept = report.kept ?? [];
  rows.push([t("kept"), kept.length ? kept.join(", ") : t("kept.none")]);
  return rows;
}

/** The one line of an error, with what to do about it. */
export function problem(error) {
  const first = sentence(error.message || t("error.unknown"));
  // What to send to the server is for programs, not for people at the page.
  if (!error.remedy || error.remedy.startsWith("send the field")) return first;
  return `${first} ${sentence(error.remedy)}`;
}

const sentence = (said) => said[0].toUpperCase() + said.slice(1) + (/[.!?]$/.test(said) ? "" : ".");
