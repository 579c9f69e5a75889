/** What a colour profile says of itself. ICC.1:2022, 7.2, 7.3 (tag table), 10.6, 10.18 (curves). */

import { hasAt, number } from "./bytes.js";

const CURVES = ["rTRC", "kTRC"];
const LINEAR_WITHIN = 0.01;

/** Whether a profile is one of gray. */
export function isGray(profile) {
  return Boolean(profile) && hasAt(profile, 16, "GRAY");
}

/** Whether the values of a picture with this profile are proportional to light. */
export function isLinear(profile) {
  const curve = profile ? curveOf(profile) : null;
  if (!curve) return false;
  if (hasAt(curve, 0, "para")) return number(curve, 8, 2) === 0 && number(curve, 12, 4) === 65536;
  if (!hasAt(curve, 0, "curv")) return false;
  const count = number(curve, 8, 4);
  if (count < 2) return count === 0 || number(curve, 12, 2) === 256;
  for (let i = 0; i < count; i++) {
    const straight = (65535 * i) / (count - 1);
    if (Math.abs(number(curve, 12 + 2 * i, 2) - straight) >= LINEAR_WITHIN * 65535) return false;
  }
  return true;
}

function curveOf(profile) {
  const count = Math.min(number(profile, 128, 4), 100);
  for (let at = 132; at < 132 + 12 * count; at += 12) {
    if (!CURVES.some((name) => hasAt(profile, at, name))) continue;
    const place = number(profile, at + 4, 4);
    return profile.subarray(place, place + number(profile, at + 8, 4));
  }
  return null;
}
