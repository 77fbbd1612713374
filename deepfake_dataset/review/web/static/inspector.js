// The panel beside the grid with the details of one face: its frame, its neighbours, why it is
// doubted, what was decided on it.

import { $, draw, icon, make } from "./dom.js";
import { faceOverlay } from "./face_overlay.js";
import { frameOf } from "./frame_cache.js";
import { explain, requestJson } from "./api.js";

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
    $("#verdict").replaceChildren(...(state === "undecided" ? [] : [icon(state)]), describeState(state, label));
    const bar = make("b");
    const suspicion = store.suspicion[face];
    bar.style.width = `${100 * suspicion}%`;
    $("#suspicion").replaceChildren(
      make("span", { textContent: "suspicion" }), make("i", {}, bar),
      make("span", { textContent: suspicion.toFixed(2) }),
    );
    const reasons = store.reasonsOf(face).map(([, text]) => make("li", { textContent: text }));
    $("#reasons").replaceChildren(...(reasons.length ? reasons : [make("li", { className: "none", textContent: "no reason to doubt it" })]));
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

  #showFacts(face, details) {
    const { store } = this;
    const video = store.videoOf(face);
    const facts = [
      ["video", video.video_path],
      ["label", [store.labels[store.label[face]], video.method].filter(Boolean).join(" · ")],
      ["shows", [video.target, video.donor && video.donor !== video.target && `face of ${video.donor}`].filter(Boolean).join(" · ")],
      ["place", `scene ${store.scene[face]} · track ${store.track[face]} · ${store.time[face].toFixed(2)} s · frame ${store.frame[face]}`],
    ];
    if (details) {
      const { facts: found } = details;
      const { native_px } = details.fixed ?? details.found;
      facts.push(["found by", `${found.detector} ${found.score.toFixed(2)}`]);
      facts.push(["crop", `${Math.round(native_px)} px of the source · turned aside ${Math.round(Math.abs(found.yaw_deg))}°`]);
    }
    $("#facts").replaceChildren(...facts.filter(([, value]) => value).flatMap(([name, value]) => [
      make("dt", { textContent: name }), make("dd", { textContent: value }),
    ]));
  }

  async #showAll(face, token) {
    const { store } = this;
    let details;
    try {
      details = await requestJson(`/api/faces/${store.idOf(face)}`);
    } catch (error) {
      if (token === this.#token) note($("#stage"), error);
      return;
    }
    if (token !== this.#token) return;
    this.details = details;
    this.#showFacts(face, details);
    $("#history").replaceChildren(...details.history.map(historyLine));
    const { original } = details;
    $("#beside").hidden = !(this.comparing && original !== null);
    $("#do-compare").disabled = original === null;
    const stages = [this.#showFrame($("#stage"), face, details, token)];
    if (!$("#beside").hidden) stages.push(this.#showOriginal(original, token));
    await Promise.all(stages);
  }

  async #showOriginal(face, token) {
    const details = await requestJson(`/api/faces/${this.store.idOf(face)}`);
    await this.#showFrame($("#beside"), face, details, token);
  }

  async #showFrame(stage, face, details, token) {
    const { width, height } = details.facts;
    let address;
    try {
      address = await frameOf(details.facts.face_id);
    } catch (error) {
      if (token === this.#token) note(stage, error, width / height);
      return;
    }
    if (token !== this.#token) return;
    const board = make("div", { className: "board" });
    board.style.aspectRatio = `${width} / ${height}`;
    const overlay = draw("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, faceOverlay(details.fixed ?? details.found));
    const { video_path, label } = this.store.videoOf(face);
    const image = make("img", { src: address, alt: `The frame at ${details.facts.time_s.toFixed(2)} s of ${video_path}` });
    board.append(image, overlay);
    const caption = make("figcaption", { textContent: `${label} · ${details.facts.time_s.toFixed(2)} s` });
    await image.decode().catch(() => {});
    if (token === this.#token) stage.replaceChildren(board, caption);
  }
}

export function describeState(state, label) {
  const texts = { relabelled: `labelled ${label}`, "wrong-person": "wrong person", "to-confirm": "to confirm" };
  return texts[state] ?? state;
}

function note(stage, error, ratio = 16 / 9) {
  const board = make("div", { className: "board" });
  board.style.aspectRatio = ratio;
  board.append(make("p", { className: "note", textContent: explain(error, "\n") }));
  stage.replaceChildren(board);
}

function historyLine({ time, reviewer, action, reason, before, after }) {
  const done = action === "relabel" ? `labelled ${after} instead of ${before}` : ACTION_TEXTS[action] ?? action;
  const item = make("li", {}, make("b", { textContent: reviewer }));
  item.append(` ${done}${reason ? `: ${reason}` : ""} · ${new Date(time).toLocaleString()}`);
  return item;
}

const ACTION_TEXTS = {
  keep: "kept it", reject: "rejected it", fix: "fixed it", undo: "took that back",
  "wrong-person": "called it the wrong person",
};
