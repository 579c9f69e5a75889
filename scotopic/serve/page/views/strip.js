/** The strip: a thumbnail of each picture, and what becomes of it. */
import { t } from "../text.js";
import { problem } from "./words.js";

const MARGIN = 12;

/** Tells "select" and "remove" with the item in `detail`. */
export class Strip extends EventTarget {
  #list = document.getElementById("thumbs");
  #title = document.getElementById("strip-title");
  #whole = document.getElementById("all-progress");
  #nodes = new Map();

  /** Show the pictures of a library. */
  show(library, { running }) {
    const { items, selected } = library;
    for (const [item, node] of this.#nodes) {
      if (items.includes(item)) continue;
      node.remove();
      this.#nodes.delete(item);
    }
    items.forEach((item) => {
      if (!this.#nodes.has(item)) this.#list.append(this.#node(item));
      this.#fill(this.#nodes.get(item), item, item === selected);
    });
    const done = items.filter((item) => item.state === "done").length;
    const failed = items.filter((item) => item.state === "failed").length;
    const parts = [t("photos", { n: items.length })];
    if (done) parts.push(t("photos.done", { n: done }));
    if (failed) parts.push(t("photos.failed", { n: failed }));
    this.#title.textContent = parts.join(", ");
    this.#whole.hidden = !running || items.length < 2;
    const share = items.reduce(
      (sum, item) => sum + (item.state === "done" ? 1 : (item.share ?? 0)),
      0,
    );
    this.#whole.value = share / Math.max(1, items.length - failed);
  }

  /** Put the focus on a picture, after the one that had it was removed. */
  focus(item) {
    this.#nodes.get(item)?.querySelector(".thumb-pick").focus();
  }

  #node(item) {
    const node = document.createElement("li"),
      pick = document.createElement("button");
    const picture = document.createElement("span"),
      name = document.createElement("span");
    const state = document.createElement("span"),
      remove = document.createElement("button");
    node.className = "thumb";
    Object.assign(pick, { type: "button", className: "thumb-pick", title: item.file.name });
    picture.className = "thumb-picture";
    Object.assign(name, { className: "thumb-name", textContent: item.file.name });
    state.className = "thumb-state";
    pick.append(picture, name, state);
    Object.assign(remove, { type: "button", className: "thumb-remove", textContent: "×" });
    remove.setAttribute("aria-label", t("remove", { name: item.file.name }));
    remove.title = t("remove.short");
    pick.addEventListener("click", () => this.#tell("select", item));
    remove.addEventListener("click", () => this.#tell("remove", item));
    node.append(pick, remove);
    this.#nodes.set(item, node);
    return node;
  }

  #fill(node, item, isSelected) {
    const { state } = item,
      pick = node.querySelector(".thumb-pick");
    const text = stateText(item),
      label = node.querySelector(".thumb-state");
    node.classList.toggle("failed", state === "failed");
    node.classList.toggle("done", state === "done");
    if (label.textContent !== text) label.textContent = text;
    if (isSelected && pick.getAttribute("aria-current") !== "true") this.#reveal(node);
    pick.setAttribute("aria-current", String(isSelected));
    const picture = node.querySelector(".thumb-picture");
    if (item.thumb && !picture.querySelector("img")) {
      picture.append(Object.assign(new Image(), { src: item.thumb, alt: "" }));
    }
    this.#bar(picture, item);
  }

  /** Scroll the strip, and not the page, until a picture is seen. */
  #reveal(node) {
    const list = this.#list,
      left = node.offsetLeft - list.offsetLeft;
    const most = left - MARGIN,
      least = left + node.offsetWidth + MARGIN - list.clientWidth;
    list.scrollLeft = Math.min(most, Math.max(least, list.scrollLeft));
  }

  #bar(picture, item) {
    let bar = picture.querySelector("progress");
    if (item.state !== "running") return bar?.remove();
    if (!bar) {
      bar = Object.assign(document.createElement("progress"), { max: 1 });
      bar.setAttribute("aria-label", t("progress", { name: item.file.name }));
      picture.append(bar);
    }
    if (item.share === null) bar.removeAttribute("value");
    else bar.value = item.share;
  }

  #tell(kind, item) {
    this.dispatchEvent(new CustomEvent(kind, { detail: item }));
  }
}

/** The state of a picture in a few words; nothing where its preview is there and no more was asked. */
function stateText(item) {
  if (item.wait) return t("state.wait", { n: item.wait });
  if (item.state === "failed") return problem(item.error);
  if (item.state === "ready") return "";
  if (item.state === "done") return t(item.saved ? "state.saved" : "state.done");
  if (item.state === "running" && item.share !== null)
    return t("percent", { percent: Math.round(100 * item.share) });
  return t(`state.${item.state}`);
}
