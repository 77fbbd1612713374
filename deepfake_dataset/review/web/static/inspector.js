// All about one face, beside the grid: its frame, its neighbours, why it is doubted, what was
// decided on it.

import { $, draw, icon, make } from "./dom.js";
import { outline } from "./face_overlay.js";
import { frameOf } from "./frame_cache.js";
import { ask } from "./outbox.js";

const PAUSE_MS = 90; // arrows held down pass over faces without asking for their frames
const STRIP = 9;

export class Inspector {
  comparing = false;
  #token = 0;
  #timer = 0;
  #face = -1;

  constructor(store, pick) {
    this.store = store;
    this.pick = pick;
  }

  // At once what the page knows; the frame when the hand rests.
  show(face, force = false) {
    if (face === undefined || (face === this.#face && !force)) return;
    const other = face !== this.#face;
    this.#face = face;
    const token = ++this.#token;
    this.#showKnown(face);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#showAll(face, token), other ? PAUSE_MS : 0);
  }

  // Once more, where the face has changed.
  refresh(faces) {
    if (faces.includes(this.#face)) this.show(this.#face, true);
  }

  toggleComparing() {
    this.comparing = !this.comparing;
    this.show(this.#face, true);
  }

  #showKnown(face) {
    const { store } = this;
    const state = store.stateOf(face);
    const crop = $("#crop");
    if (crop.getAttribute("src") !== store.crop(face)) crop.src = store.crop(face);
    crop.alt = `The crop of ${store.idOf(face)}`;
    const label = store.labels[store.label[face]];
    $("#verdict").replaceChildren(...(state === "undecided" ? [] : [icon(state)]), wordOf(state, label));
    const bar = make("b");
    const suspicion = store.suspicion[face];
    bar.style.width = `${100 * suspicion}%`;
    $("#suspicion").replaceChildren(
      make("span", { textContent: "suspicion" }), make("i", {}, bar),
      make("span", { textContent: suspicion.toFixed(2) }),
    );
    const doubts = store.doubtsOf(face).map(([, words]) => make("li", { textContent: words }));
    $("#reasons").replaceChildren(...(doubts.length ? doubts : [make("li", { className: "none", textContent: "no reason to doubt it" })]));
    this.#showStrip(face);
    this.#showFacts(face);
  }

  #showStrip(face) {
    const { store } = this;
    const track = store.trackOf(face);
    const start = Math.max(0, Math.min(track.indexOf(face) - (STRIP >> 1), track.length - STRIP));
    $("#strip").replaceChildren(...track.slice(start, start + STRIP).map((other) => {
      const image = make("img", { src: store.thumb(other), alt: "", title: `${store.time[other].toFixed(2)} s` });
      image.classList.toggle("here", other === face);
      image.classList.toggle("out", store.out(other));
      image.addEventListener("click", () => this.pick(other));
      return image;
    }));
  }

  #showFacts(face, account) {
    const { store } = this;
    const video = store.videoOf(face);
    const facts = [
      ["video", video.video_path],
      ["label", [store.labels[store.label[face]], video.method].filter(Boolean).join(" · ")],
      ["shows", [video.target, video.donor && video.donor !== video.target && `face of ${video.donor}`].filter(Boolean).join(" · ")],
      ["place", `scene ${store.scene[face]} · track ${store.track[face]} · ${store.time[face].toFixed(2)} s · frame ${store.frame[face]}`],
    ];
    if (account) {
      const { facts: told } = account;
      const { native_px } = account.fixed ?? account.found;
      facts.push(["found by", `${told.detector} ${told.score.toFixed(2)}`]);
      facts.push(["crop", `${Math.round(native_px)} px of the source · turned aside ${Math.round(Math.abs(told.yaw_deg))}°`]);
    }
    $("#facts").replaceChildren(...facts.filter(([, value]) => value).flatMap(([name, value]) => [
      make("dt", { textContent: name }), make("dd", { textContent: value }),
    ]));
  }

  async #showAll(face, token) {
    const { store } = this;
    let account;
    try {
      account = await (await ask(`/api/faces/${store.idOf(face)}`)).json();
    } catch (error) {
      if (token === this.#token) note($("#stage"), error);
      return;
    }
    if (token !== this.#token) return;
    this.account = account;
    this.#showFacts(face, account);
    $("#history").replaceChildren(...account.history.map(lineOf));
    const beside = account.beside;
    $("#beside").hidden = !(this.comparing && beside !== null);
    $("#do-compare").disabled = beside === null;
    const stages = [this.#showFrame($("#stage"), face, account, token)];
    if (!$("#beside").hidden) stages.push(this.#showBeside(beside, token));
    await Promise.all(stages);
  }

  async #showBeside(face, token) {
    const account = await (await ask(`/api/faces/${this.store.idOf(face)}`)).json();
    await this.#showFrame($("#beside"), face, account, token);
  }

  async #showFrame(stage, face, account, token) {
    const { width, height } = account.facts;
    let address;
    try {
      address = await frameOf(account.facts.face_id);
    } catch (error) {
      if (token === this.#token) note(stage, error, width / height);
      return;
    }
    if (token !== this.#token) return;
    const board = make("div", { className: "board" });
    board.style.aspectRatio = `${width} / ${height}`;
    const overlay = draw("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, outline(account.fixed ?? account.found));
    const { video_path, label } = this.store.videoOf(face);
    const image = make("img", { src: address, alt: `The frame at ${account.facts.time_s.toFixed(2)} s of ${video_path}` });
    board.append(image, overlay);
    const caption = make("figcaption", { textContent: `${label} · ${account.facts.time_s.toFixed(2)} s` });
    await image.decode().catch(() => {});
    if (token === this.#token) stage.replaceChildren(board, caption);
  }
}

export function wordOf(state, label) {
  const words = { relabelled: `labelled ${label}`, "wrong-person": "wrong person", "to-confirm": "to confirm" };
  return words[state] ?? state;
}

function note(stage, error, ratio = 16 / 9) {
  const board = make("div", { className: "board" });
  board.style.aspectRatio = ratio;
  board.append(make("p", { className: "note", textContent: [error.message, error.hint].filter(Boolean).join("\n") }));
  stage.replaceChildren(board);
}

function lineOf({ time, reviewer, action, reason, before, after }) {
  const said = action === "relabel" ? `labelled ${after} instead of ${before}` : wordsOf[action] ?? action;
  const item = make("li", {}, make("b", { textContent: reviewer }));
  item.append(` ${said}${reason ? `: ${reason}` : ""} · ${new Date(time).toLocaleString()}`);
  return item;
}

const wordsOf = {
  keep: "kept it", reject: "rejected it", fix: "fixed it", undo: "took that back",
  "wrong-person": "called it the wrong person",
};
