/** The panel beside the picture: what is known of it, what was decided, the buttons to save it. */
import { t } from "../text.js";
import { decision, facts, line } from "./words.js";

const byId = (id) => document.getElementById(id);

export class Panel {
  #shown = null;

  /** Show what is selected. */
  show(library, { results, running }) {
    const { items, selected } = library;
    if (!selected) return;
    byId("photo-name").textContent = selected.file.name;
    if (this.#shown !== (selected.answer ?? selected)) this.#report(selected);
    const many = items.length > 1,
      there = Boolean(selected.answer);
    for (const id of ["sliders", "reset", "output-part", "about-part"]) byId(id).hidden = !there;
    byId("to-all").hidden = !many || !there;
    byId("strip-part").hidden = !many;
    byId("clear").textContent = t("clear", { n: items.length });
    byId("retry-failed").hidden = !items.some((item) => item.error);
    this.#buttons({ items, selected, results, running, there });
  }

  #report(item) {
    const report = item.answer?.report;
    this.#shown = item.answer ?? item;
    byId("photo-line").textContent = report ? line(report, item.file) : "";
    byId("decision").textContent = report ? decision(report) : "";
    const rows = report ? facts(report) : [];
    byId("facts").replaceChildren(
      ...rows.flatMap(([name, value]) => [element("dt", name), element("dd", value)]),
    );
    byId("notes").replaceChildren(...(report?.notes ?? []).map((note) => element("li", note)));
  }

  #buttons({ items, selected, results, running, there }) {
    const one = byId("download"),
      all = byId("download-all");
    const works = results.works(selected);
    one.disabled = !there || works;
    one.textContent = t("download");
    if (works && selected.share !== null) {
      one.textContent = t("download.running", { percent: Math.round(100 * selected.share) });
    } else if (works) one.textContent = t("download.waiting");
    all.hidden = items.length < 2;
    all.disabled = running.length > 0 || !items.some((item) => item.answer);
    const done = running.filter((item) => item.finished).length;
    all.textContent = running.length
      ? t("download.all.running", { done, n: running.length })
      : t("download.all", { n: items.filter((item) => item.answer || !item.error).length });
    byId("cancel").hidden = !results.busy;
  }
}

const element = (kind, text) => Object.assign(document.createElement(kind), { textContent: text });
