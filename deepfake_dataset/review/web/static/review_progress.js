// How far the review is, and how fast.

import { $, counted, make } from "./dom.js";

const WINDOW_MS = 5 * 60_000;
const LEAST_MS = 20_000; // a rate of the first seconds says nothing

export class ReviewProgress {
  #done = []; // [time, faces] acknowledged on this page, the last five minutes of them

  constructor(store) {
    this.store = store;
    this.show();
    setInterval(() => this.show(), 10_000);
  }

  add(faces) {
    this.#done.push([Date.now(), faces]);
    this.show();
  }

  show() {
    const { decided, count, dataset } = this.store;
    const share = count ? decided / count : 0;
    const bar = $("#progress");
    bar.firstElementChild.style.width = `${100 * share}%`;
    bar.setAttribute("aria-valuemax", count);
    bar.setAttribute("aria-valuenow", decided);
    const rest = make("span", { textContent: ` of ${counted(count)}` });
    const rate = make("span", { className: "rate", textContent: this.#rate() });
    $("#tally").replaceChildren(counted(decided), rest, rate);
    document.title = `${decided}/${count} · ${dataset}`;
  }

  #rate() {
    const now = Date.now();
    this.#done = this.#done.filter(([time]) => now - time < WINDOW_MS);
    if (!this.#done.length) return " faces";
    const faces = this.#done.reduce((sum, [, n]) => sum + n, 0);
    const minutes = Math.max(LEAST_MS, now - this.#done[0][0]) / 60_000;
    return ` faces · ${counted(Math.round(faces / minutes))}/min`;
  }
}
