/**
 * Mouse, touch and wheel on the stage, as what is meant by them.
 *
 * One finger or button moves the picture where it is enlarged and the divider where not; two
 * fingers zoom and move; the wheel zooms; a double click or a double tap zooms in or out.
 */

const WHEEL = 0.0018;
const LINE = 16;
const STILL = 6;
const DOUBLE_MS = 320;

/**
 * @param {HTMLElement} stage
 * @param {{grab: (event: PointerEvent) => "wipe" | "pan", wipe: (x: number) => void,
 *   pan: (dx: number, dy: number) => void, zoom: (factor: number, point: object) => void,
 *   twice: (point: object) => void}} means
 */
export function listen(stage, means) {
  const held = new Map();
  let kind = "wipe",
    start = null,
    lastTap = { time: 0, x: 0, y: 0 };

  const pointOf = (event) => {
    const box = stage.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const point = pointOf(event);
    held.set(event.pointerId, point);
    if (held.size === 1) {
      kind = means.grab(event);
      start = point;
    }
    // A finger is captured when it has moved: before that it may be scrolling the page.
    if (event.pointerType === "mouse") stage.setPointerCapture(event.pointerId);
  });

  stage.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    if (!before) return;
    const point = pointOf(event);
    held.set(event.pointerId, point);
    if (held.size === 2) return pinched(event.pointerId, before, point);
    if (held.size > 2) return;
    if (kind === "wipe") means.wipe(point.x);
    else means.pan(point.x - before.x, point.y - before.y);
  });

  function pinched(id, before, point) {
    const [other] = [...held].filter(([key]) => key !== id).map(([, place]) => place);
    const middle = { x: (point.x + other.x) / 2, y: (point.y + other.y) / 2 };
    const apart = (a) => Math.max(1, Math.hypot(a.x - other.x, a.y - other.y));
    means.zoom(apart(point) / apart(before), middle);
    means.pan((point.x - before.x) / 2, (point.y - before.y) / 2);
    start = null;
  }

  function ended(event) {
    if (!held.delete(event.pointerId) || event.type === "pointercancel") return;
    const point = pointOf(event);
    if (!start || Math.hypot(point.x - start.x, point.y - start.y) > STILL) return;
    const near = Math.hypot(point.x - lastTap.x, point.y - lastTap.y) < 30;
    if (near && event.timeStamp - lastTap.time < DOUBLE_MS) {
      lastTap = { time: 0, x: 0, y: 0 };
      means.twice(point);
    } else {
      lastTap = { time: event.timeStamp, ...point };
    }
  }
  stage.addEventListener("pointerup", ended);
  stage.addEventListener("pointercancel", ended);

  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const pixels =
        event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE * event.deltaY : event.deltaY;
      // Pinching a touchpad comes as a wheel with the control key, in smaller steps.
      means.zoom(Math.exp(-pixels * WHEEL * (event.ctrlKey ? 5 : 1)), pointOf(event));
    },
    { passive: false },
  );
}
