// The filters in the bar on top.

import { $, make } from "./dom.js";
import { ANY } from "./filtered_view.js";

export class FilterBar {
  constructor(store, view, changed) {
    Object.assign(this, { store, view, changed });
    this.form = $("#filters");
    const { states, labels, reasonTexts, videos } = store;
    this.#fill("state", "any state", [["open", "to do"], ...states.map((word) => [word, word])]);
    this.#fill("reason", "any reason", reasonTexts.map(([, text], bit) => [bit, text]));
    this.#fill("label", "any label", labels.map((word, code) => [code, word]));
    const paths = videos.map(({ video_path }, code) => [code, video_path]);
    this.#fill("video", "any video", paths.sort((a, b) => a[1].localeCompare(b[1])));
    this.#fillScenes();
    this.form.addEventListener("change", (event) => this.#set(event.target));
    this.form.addEventListener("reset", () => setTimeout(() => this.#clear()));
    this.form.addEventListener("submit", (event) => event.preventDefault());
  }

  #fill(name, any, choices) {
    const options = [[ANY, any], ...choices].map(([value, text]) => make("option", { value, textContent: text }));
    this.form.elements[name].replaceChildren(...options);
  }

  // Scenes are counted by video, so without a video there are only as many as the longest has.
  #fillScenes() {
    const { store, view } = this;
    const scenes = new Set();
    for (let face = 0; face < store.count; face++) {
      if (view.filters.video === ANY || store.video[face] === Number(view.filters.video)) scenes.add(store.scene[face]);
    }
    this.#fill("scene", "any scene", [...scenes].sort((a, b) => a - b).map((scene) => [scene, `scene ${scene}`]));
  }

  #set({ name, value }) {
    this.view.filters[name] = value;
    if (name === "video") {
      this.view.filters.scene = ANY;
      this.#fillScenes();
    }
    this.#show();
    this.changed();
  }

  #clear() {
    for (const name of Object.keys(this.view.filters)) this.view.filters[name] = ANY;
    this.#fillScenes();
    this.#show();
    this.changed();
  }

  #show() {
    const { filters } = this.view;
    for (const name of Object.keys(filters)) this.form.elements[name].classList.toggle("set", filters[name] !== ANY);
    const any = Object.values(filters).some((value) => value !== ANY);
    $("#clear").hidden = !any;
    $("#more").classList.toggle("set", any);
  }
}
