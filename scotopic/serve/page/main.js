/** The start: an engine, and the page that uses it. */
import { App } from "./app.js";
import { createEngine } from "./engine.js";
import { fillTexts, t } from "./text.js";

fillTexts(document);
try {
  new App(await createEngine());
} catch (error) {
  document.getElementById("banner").textContent = t("engine.failed", { reason: error.message });
}
