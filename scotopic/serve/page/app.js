/** The page: what its parts tell each other. */
import { dropped, ofFolder, pasted } from "./files/intake.js";
import { READ_SUFFIXES } from "./files/names.js";
import { t } from "./text.js";
import { CameraView } from "./views/camera_view.js";
import { Controls } from "./views/controls.js";
import { Panel } from "./views/panel.js";
import { Strip } from "./views/strip.js";
import { Viewer } from "./views/viewer.js";
import { problem } from "./views/words.js";
import { Delivery } from "./work/delivery.js";
import { Library } from "./work/library.js";
import { Previews } from "./work/previews.js";
import { Results } from "./work/results.js";

const byId = (id) => document.getElementById(id);
const isHere = ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);

export class App {
  #library = new Library();
  #strip = new Strip();
  #controls;
  #panel = new Panel();
  #results;
  #previews;
  #viewer;
  #delivery;
  #camera;
  #leaving = (event) => event.preventDefault();

  constructor(engine) {
    const engineName = this.#sayWhere(engine);
    this.#controls = new Controls(engine);
    this.#results = new Results(engine, this.#library);
    this.#viewer = new Viewer(this.#results);
    this.#previews = new Previews(engine, this.#library, () => this.#viewer.side);
    this.#delivery = new Delivery(this.#library, this.#results);
    this.#camera = new CameraView(engine, engineName);
    this.#library.addEventListener("change", () => this.#changed());
    this.#viewer.addEventListener("full", () => this.#tell(t("full.shown")));
    this.#listenForFiles();
    this.#listenForWishes();
    this.#listenForDownloads();
    this.#listenForCamera();
    for (const kind of ["online", "offline"]) window.addEventListener(kind, () => this.#changed());
    this.#changed();
  }

  #sayWhere(engine) {
    const isServer = engine.name === "server",
      { host } = location;
    const where = isHere ? "here" : "server";
    byId("privacy").textContent = t(isServer ? `privacy.${where}` : "privacy.browser", { host });
    const own = engine.name[0].toUpperCase() + engine.name.slice(1);
    const name = isServer ? t(`engine.${where}`, { host }) : own;
    byId("engine").textContent = name;
    return name;
  }

  #listenForFiles() {
    for (const id of ["choose", "add"])
      byId(id).addEventListener("click", () => byId("files").click());
    byId("choose-folder").addEventListener("click", () => byId("folder").click());
    byId("files").accept = ["image/*", ...[...READ_SUFFIXES].map((suffix) => `.${suffix}`)].join();
    byId("choose-folder").hidden = !("webkitdirectory" in byId("folder"));
    byId("files").addEventListener("change", ({ target }) => {
      this.#add({ files: [...target.files], others: 0 });
      target.value = "";
    });
    byId("folder").addEventListener("change", ({ target }) => {
      this.#add(ofFolder(target.files));
      target.value = "";
    });
    document.addEventListener("paste", (event) => {
      const found = pasted(event.clipboardData);
      if (found.files.length) this.#add(found);
    });
    const over = (is) => byId("dropping").classList.toggle("on", is);
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      over([...event.dataTransfer.types].includes("Files"));
    });
    document.addEventListener("dragleave", (event) => event.relatedTarget === null && over(false));
    document.addEventListener("drop", async (event) => {
      event.preventDefault();
      over(false);
      this.#add(await dropped(event.dataTransfer));
    });
  }

  #add({ files, others }) {
    if (others) this.#tell(t("others", { n: others }));
    if (!files.length) return this.#notice(others ? t("none.found") : "");
    const wasEmpty = !this.#library.items.length;
    if (document.body.dataset.view === "camera") this.#camera.close();
    const added = this.#library.add(files);
    if (!wasEmpty) this.#library.select(added[0]);
    this.#changed();
    if (wasEmpty) byId("stage").focus({ preventScroll: true });
  }

  #listenForWishes() {
    this.#controls.addEventListener("wish", ({ detail }) => {
      const item = this.#library.selected;
      this.#library.wish(item, detail);
      this.#previews.later(item);
    });
    byId("to-all").addEventListener("click", () => {
      const { wish } = this.#library.selected;
      for (const item of this.#library.items) this.#library.wish(item, wish);
      this.#tell(t("to.all.done"));
    });
    this.#strip.addEventListener("select", ({ detail }) => {
      this.#library.select(detail);
      this.#previews.later(detail);
    });
    this.#strip.addEventListener("remove", ({ detail }) => this.#remove(detail));
    byId("clear").addEventListener("click", () => {
      if (this.#library.unsaved && !confirm(t("clear.sure", { n: this.#library.items.length }))) return;
      this.#remove(...this.#library.items);
    });
    byId("retry-failed").addEventListener("click", () => this.#retry());
  }

  /** All are gone before anything is shown: of what goes, too, no preview is begun. */
  #remove(...gone) {
    for (const item of gone) {
      this.#previews.drop(item);
      this.#results.cancel(item);
      this.#library.remove(item);
    }
    this.#changed();
    const { items, selected } = this.#library;
    if (!selected) return byId("choose").focus();
    this.#previews.later(selected);
    if (items.length > 1) this.#strip.focus(selected);
    else byId("stage").focus({ preventScroll: true }); // the strip is hidden with one photo
  }

  #retry() {
    for (const item of this.#library.items) item.error = null;
    this.#library.touch();
    if (this.#library.selected) this.#previews.later(this.#library.selected);
  }

  #listenForDownloads() {
    byId("download").addEventListener("click", async () => {
      const name = await this.#delivery.one(this.#library.selected).catch(() => null);
      if (name) this.#tell(t("downloaded", { name }));
    });
    byId("download-all").addEventListener("click", async () => {
      try {
        const n = await this.#delivery.all();
        if (n !== null) this.#tell(t(n ? "downloaded.all" : "downloaded.none", { n }));
      } catch (error) {
        this.#notice(problem(error));
      }
    });
    byId("cancel").addEventListener("click", () => this.#results.cancel());
  }

  #listenForCamera() {
    byId("camera-open").addEventListener("click", () => {
      document.body.dataset.view = "camera";
      this.#camera.open();
    });
    this.#camera.addEventListener("recording", () => this.#changed());
    this.#camera.addEventListener("closed", () => {
      document.body.dataset.view = "";
      this.#changed();
      byId("camera-open").focus();
    });
  }

  /** Show everything as it is now. */
  #changed() {
    const { items, selected } = this.#library,
      { view } = document.body.dataset;
    if (view !== "camera") document.body.dataset.view = items.length ? "work" : "empty";
    this.#viewer.show(selected);
    const running = this.#delivery.wanted;
    this.#strip.show(this.#library, { running: running.length > 0 });
    if (selected) this.#controls.show(selected.wish);
    this.#panel.show(this.#library, { results: this.#results, running });
    this.#warnBeforeLeaving(this.#library.unsaved || this.#results.busy || this.#camera.records);
    this.#showTrouble();
    this.#previews.update();
  }

  #showTrouble() {
    const error = this.#library.items.find((item) => item.error?.code === "gone")?.error;
    if (!error) return this.#notice("");
    const isOffline = !isHere && !navigator.onLine;
    this.#notice(isOffline ? t("offline") : problem(error), () => this.#retry());
  }

  #notice(sentence, retry) {
    const banner = byId("banner");
    if (banner.dataset.sentence === sentence) return;
    banner.dataset.sentence = sentence;
    banner.replaceChildren();
    if (!sentence) return;
    banner.append(Object.assign(document.createElement("span"), { textContent: sentence }));
    if (!retry) return;
    const button = Object.assign(document.createElement("button"), {
      type: "button",
      textContent: t("retry"),
    });
    button.addEventListener("click", retry);
    banner.append(button);
  }

  #tell(sentence) {
    byId("told").textContent = sentence;
  }

  /** Only while there is something to lose: a page that listens is not kept for going back. */
  #warnBeforeLeaving(is) {
    if (is) window.addEventListener("beforeunload", this.#leaving);
    else window.removeEventListener("beforeunload", this.#leaving);
  }
}
