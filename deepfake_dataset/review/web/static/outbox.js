// Decisions on their way to the log, sent one after another. One counts as saved when the server
// has said so, which it does once it is on the disk. What cannot be saved stays here and is tried
// again.

import { RequestRefused, requestJson } from "./api.js";

const WAITS_MS = [500, 1000, 2000, 4000, 8000];

export class Outbox extends EventTarget {
  #waiting = [];
  #busy = false; // sending, or waiting to send again
  #sending = false;
  #failures = 0;
  #failure = null; // the last one, while it lasts
  #timer = 0;

  get length() {
    return this.#waiting.length;
  }

  // Gives the server's answer, or throws what it refused with.
  send(path, makeBody) {
    const request = Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("-");
    return new Promise((resolve, reject) => {
      this.#waiting.push({ path, makeBody, request, resolve, reject });
      if (this.#failure) this.#report("failed", this.#failure);
      this.#work();
    });
  }

  retry() {
    if (this.#sending) return;
    clearTimeout(this.#timer);
    this.#busy = false;
    this.#work();
  }

  async #work() {
    if (this.#busy || !this.#waiting.length) return;
    this.#busy = true;
    this.#report("busy");
    const item = this.#waiting[0];
    this.#sending = true;
    try {
      item.body ??= { ...item.makeBody(), request: item.request };
      const answer = await requestJson(item.path, item.body);
      this.#sending = false;
      this.#failures = 0;
      this.#failure = null;
      this.#waiting.shift();
      item.resolve(answer);
      await null; // who sent it looks at the answer before the next one is made up
    } catch (error) {
      this.#sending = false;
      if (!(error instanceof RequestRefused) || error.status === 403) return this.#later(error);
      this.#failures = 0;
      this.#failure = null;
      this.#waiting.shift();
      item.reject(error);
    }
    this.#busy = false;
    this.#report(this.#waiting.length ? "busy" : "idle");
    this.#work();
  }

  #later(error) {
    const wait = WAITS_MS[Math.min(this.#failures++, WAITS_MS.length - 1)];
    this.#failure = error;
    this.#report("failed", error);
    this.#timer = setTimeout(() => this.retry(), wait);
  }

  #report(state, error) {
    this.dispatchEvent(new CustomEvent("state", { detail: { state, error } }));
  }
}
