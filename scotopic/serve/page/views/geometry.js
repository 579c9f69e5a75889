/**
 * Where a picture lies in the stage that shows it.
 *
 * A view is {scale, x, y}: pixels of the screen (CSS) for one of the picture, and where its
 * upper left corner lies in the stage.
 */

/** Largest enlargement: screen pixels for one of the picture. */
export const MOST = 4;
const FIT_MOST = 2;

/** The scale at which the whole picture is seen; small pictures are enlarged a little. */
export function fitScale(stage, size) {
  return Math.min(stage.width / size.width, stage.height / size.height, FIT_MOST);
}

/** The whole picture, in the middle. */
export function fitted(stage, size) {
  return held({ scale: fitScale(stage, size), x: 0, y: 0 }, stage, size);
}

/** The view moved so that no edge of the picture leaves a gap that need not be. */
export function held(view, stage, size) {
  const along = (place, room, length) =>
    length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, place));
  return {
    scale: view.scale,
    x: along(view.x, stage.width, size.width * view.scale),
    y: along(view.y, stage.height, size.height * view.scale),
  };
}

/** The view at another scale, with what lies at a point of the stage left there. */
export function zoomed(view, scale, point, stage, size) {
  const least = Math.min(fitScale(stage, size), 1);
  const next = Math.min(MOST, Math.max(least, scale));
  const ratio = next / view.scale;
  const moved = {
    scale: next,
    x: point.x - (point.x - view.x) * ratio,
    y: point.y - (point.y - view.y) * ratio,
  };
  return held(moved, stage, size);
}

/** The view moved by so many pixels of the screen. */
export function moved(view, dx, dy, stage, size) {
  return held({ scale: view.scale, x: view.x + dx, y: view.y + dy }, stage, size);
}

/** The part of the stage's width that the picture covers, [left, right]. */
export function covered(view, stage, size) {
  return [Math.max(0, view.x), Math.min(stage.width, view.x + size.width * view.scale)];
}
