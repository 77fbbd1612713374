// Joins the parts of the page: what a key or a click does to which faces.

import { explain, request, requestJson } from "./api.js";
import { choose } from "./choice_dialog.js";
import { Decisions } from "./decisions.js";
import { $, counted, make, notice, say } from "./dom.js";
import { FaceStore } from "./face_store.js";
import { FilterBar } from "./filter_bar.js";
import { FilteredView } from "./filtered_view.js";
import { FixDialog } from "./fix_dialog.js";
import { Grid } from "./grid.js";
import { Inspector, describeState } from "./inspector.js";
import { listShortcuts, listenForShortcuts } from "./keyboard_shortcuts.js";
import { Outbox } from "./outbox.js";
import { ReviewProgress } from "./review_progress.js";
import { changeTheme } from "./theme.js";

const POLL_MS = 2000;
const REJECTIONS = ["not a face", "misaligned", "blurred", "covered", "cut off", "extreme pose"];
const SUGGESTED = {
  unlike: "not a face", "second-look": "not a face", "low-score": "not a face", jump: "misaligned",
  landmarks: "misaligned", border: "cut off", pose: "extreme pose", blurred: "blurred",
};
const DONE = {
  keep: "kept", reject: "rejected", relabel: "relabelled", "wrong-person": "called the wrong person",
  undo: "taken back", fix: "fixed",
};
const ACTIONS = [
  ["keep", "Keep", "P"], ["reject", "Reject", "X"], ["fix", "Fix", "F"],
  ["relabel", "Relabel", "R"], ["wrongPerson", "Wrong person", "W"], ["undo", "Undo", "U"],
  ["track", "Track", "T"], ["compare", "Original", "C"],
];
const SIZES = [64, 92, 124, 168, 224];

class Page {
  anchor = null; // place where a range begins
  ranging = false;

  constructor(store) {
    this.store = store;
    this.view = new FilteredView(store);
    this.outbox = new Outbox();
    this.decisions = new Decisions(store, this.outbox, {
      reviewer: () => this.reviewer,
      saved: (action, faces) => this.#saved(action, faces),
      refused: (error) => this.#refused(error),
    });
    this.grid = new Grid($("#grid"), store, this.view);
    this.inspector = new Inspector(store, (face) => this.pick(face));
    this.fixDialog = new FixDialog(store);
    this.progress = new ReviewProgress(store);
    this.filterBar = new FilterBar(store, this.view, () => this.renew());
    store.addEventListener("change", ({ detail }) => {
      this.grid.render();
      this.inspector.refresh(detail);
      this.progress.show();
    });
    this.outbox.addEventListener("state", ({ detail }) => this.showSaving(detail));
    this.#wire();
    this.start();
  }

  #wire() {
    $("#dataset").textContent = this.store.dataset;
    $("#by-suspicion").addEventListener("click", () => this.order(false));
    $("#by-track").addEventListener("click", () => this.order(true));
    $("#help-button").addEventListener("click", () => this.help());
    $("#more").addEventListener("click", () => this.unfold());
    $("#theme").addEventListener("click", () => changeTheme(1));
    $("#who").addEventListener("click", () => this.askName());
    $("#banner button").addEventListener("click", () => this.outbox.retry());
    $("#grid").addEventListener("pointerdown", (event) => this.#press(event));
    $("#grid").addEventListener("dblclick", () => this.zoom());
    for (const [name, text, key] of ACTIONS) {
      const button = make("button", { id: `do-${name}` }, text, make("kbd", { textContent: key }));
      button.setAttribute("aria-keyshortcuts", key);
      button.addEventListener("click", (event) => {
        this[name](event);
        if (event.detail) $("#grid").focus(); // clicked by a hand: the keys go on in the grid
      });
      $("#actions").append(button);
    }
    $("#actions").prepend(make("p", { className: "count", id: "count" }));
    addEventListener("beforeunload", (event) => this.outbox.length && event.preventDefault());
    this.#showName();
    listenForShortcuts(this);
  }

  start() {
    const next = this.view.nextOpen(-1);
    this.grid.active = Math.max(0, next);
    this.grid.layout();
    this.go(this.grid.active);
    $("#grid").focus();
  }

  // What the keys and buttons decide on: the selection, the whole track, or the active face.
  targets(event) {
    const { grid, store } = this;
    if (grid.face === undefined) return [];
    if (event?.shiftKey) return [...store.trackOf(grid.face)];
    return grid.selected.size > 1 ? [...grid.selected] : [grid.face];
  }

  keep(event) {
    this.decide("keep", this.targets(event));
  }

  wrongPerson(event) {
    this.decide("wrong-person", this.targets(event));
  }

  async reject(event) {
    const faces = this.targets(event);
    if (!faces.length) return;
    const [suggested] = this.store.reasonsOf(this.grid.face).map(([name]) => SUGGESTED[name]);
    const title = faces.length > 1 ? `Reject ${faces.length} faces: why?` : "Reject: why?";
    const reason = await choose(title, REJECTIONS, suggested ?? REJECTIONS[0], true);
    if (reason !== null) this.decide("reject", faces, { reason });
  }

  async relabel(event) {
    const faces = this.targets(event);
    if (!faces.length) return;
    const { labels, label } = this.store;
    const now = labels[label[faces[0]]];
    const other = now === "real" ? "fake" : "real";
    const chosen = await choose(faces.length > 1 ? `${faces.length} faces are …` : `It is ${now}. It should be …`, labels, other);
    if (chosen !== null) this.decide("relabel", faces, { label: chosen });
  }

  async fix() {
    const { face } = this.grid;
    if (face === undefined) return;
    let marks;
    try {
      marks = await this.fixDialog.open(face);
    } catch (error) {
      return notice(explain(error));
    }
    if (!marks) return;
    this.decisions.fix(face, marks);
    this.advance([face]);
  }

  undo(event) {
    const undone = this.decisions.undo(this.targets(event));
    if (!undone.length) return notice("Nothing to take back.");
    this.select([]);
    this.pick(undone[0]);
  }

  decide(action, faces, more) {
    if (!faces.length) return;
    this.decisions.decide(action, faces, more);
    this.advance(faces);
  }

  #saved(action, faces) {
    if (action !== "undo") this.progress.add(faces.length);
    say(`Saved: ${faces.length > 1 ? `${faces.length} faces` : `face ${this.view.placeOf(faces[0]) + 1}`} ${DONE[action]}`);
  }

  #refused(error) {
    notice(`Not saved: ${explain(error)}`);
    this.poll();
  }

  // To the next open face after the last of those decided.
  advance(faces) {
    const { view } = this;
    const last = Math.max(...faces.map((face) => view.placeOf(face)));
    this.select([]);
    const next = view.nextOpen(Math.max(last, 0));
    this.go(next < 0 ? this.grid.active : next);
    if (next < 0) say("Every face that is shown is decided");
  }

  go(place) {
    const { grid, view } = this;
    grid.active = Math.max(0, Math.min(place, view.faces.length - 1));
    grid.reveal();
    this.#shown();
  }

  pick(face) {
    const place = this.view.placeOf(face);
    if (place >= 0) this.go(place);
  }

  select(faces, anchor = null) {
    this.grid.selected = new Set(faces);
    this.anchor = anchor;
    if (anchor === null) this.ranging = false;
  }

  #shown() {
    const { grid, view } = this;
    grid.render();
    this.inspector.show(grid.face);
    const several = grid.selected.size > 1;
    const place = view.faces.length ? `face ${counted(grid.active + 1)} of ${counted(view.faces.length)}` : "no faces";
    $("#count").textContent = several ? `${grid.selected.size} faces selected` : this.ranging ? `${place} · range begun` : place;
  }

  #extend(place) {
    const { view, grid } = this;
    this.anchor ??= grid.active;
    const [from, to] = [Math.min(this.anchor, place), Math.max(this.anchor, place)];
    grid.selected = new Set(view.faces.slice(from, to + 1));
  }

  #moveTo(place, event) {
    const to = Math.max(0, Math.min(place, this.view.faces.length - 1));
    if (event.shiftKey || this.ranging) this.#extend(to);
    else this.select([]);
    this.go(to);
  }

  move(event) {
    const { grid } = this;
    const steps = {
      ArrowLeft: () => grid.active - 1, ArrowRight: () => grid.active + 1,
      ArrowUp: () => grid.vertical(grid.active, -1), ArrowDown: () => grid.vertical(grid.active, 1),
    };
    if (this.view.faces.length) this.#moveTo(steps[event.key](), event);
  }

  page(event) {
    const { grid } = this;
    const rows = grid.rowsInSight * (event.key === "PageUp" ? -1 : 1);
    if (this.view.faces.length) this.#moveTo(grid.vertical(grid.active, rows), event);
  }

  ends(event) {
    this.#moveTo(event.key === "Home" ? 0 : this.view.faces.length - 1, event);
  }

  next() {
    const place = this.view.nextOpen(this.grid.active);
    this.select([]);
    if (place < 0) notice("Every face that is shown is decided.");
    else this.go(place);
  }

  range() {
    if (this.ranging) this.ranging = false;
    else {
      this.select([this.grid.face], this.grid.active);
      this.ranging = true;
    }
    this.#shown();
  }

  track() {
    if (this.grid.face === undefined) return;
    this.select(this.store.trackOf(this.grid.face), this.grid.active);
    this.#shown();
  }

  all() {
    this.select(this.view.faces, this.grid.active);
    this.#shown();
  }

  escape() {
    if (document.body.classList.contains("zoomed")) return this.zoom();
    this.select([]);
    $("#grid").focus();
    this.#shown();
  }

  zoom() {
    const zoomed = document.body.classList.toggle("zoomed");
    (zoomed ? $("#inspector") : $("#grid")).focus({ preventScroll: true });
  }

  compare() {
    this.inspector.toggleComparing();
    document.body.classList.toggle("comparing", this.inspector.comparing);
    $("#do-compare").setAttribute("aria-pressed", this.inspector.comparing);
  }

  group() {
    this.order(!this.view.grouped);
  }

  order(grouped) {
    this.view.grouped = grouped;
    $("#by-suspicion").setAttribute("aria-pressed", !grouped);
    $("#by-track").setAttribute("aria-pressed", grouped);
    this.renew();
  }

  size(event) {
    const { grid } = this;
    const at = SIZES.indexOf(grid.size) + (event.key === "-" ? -1 : 1);
    grid.size = SIZES[Math.max(0, Math.min(at, SIZES.length - 1))];
    grid.layout();
  }

  filter() {
    this.unfold(true);
    $("#filters select").focus();
  }

  // In a small window filters, name and theme are folded away.
  unfold(open) {
    const unfolded = $("header").classList.toggle("unfolded", open);
    $("#more").setAttribute("aria-expanded", unfolded);
  }

  help() {
    listShortcuts();
    $("#help").showModal();
    $("#help").scrollTop = 0; // the button that has the focus is at its end
  }

  // Another order or other filters; the active face stays the active one if it is shown.
  renew() {
    const { face } = this.grid;
    this.view.renew();
    this.select([]);
    const place = this.view.placeOf(face);
    this.grid.active = place < 0 ? Math.max(0, this.view.nextOpen(-1)) : place;
    this.grid.layout();
    this.go(this.grid.active);
    say(`${this.view.faces.length} faces`);
  }

  #press(event) {
    const cell = event.target.closest(".cell");
    if (!cell || event.button) return;
    const { place } = cell;
    if (event.ctrlKey || event.metaKey) {
      const face = this.view.faces[place];
      const chosen = new Set(this.grid.selected.size ? this.grid.selected : [this.grid.face]);
      if (!chosen.delete(face)) chosen.add(face);
      this.select(chosen, place);
      this.go(place);
    } else this.#moveTo(place, event);
  }

  get reviewer() {
    return localStorage.getItem("reviewer") || this.store.reviewer;
  }

  #showName() {
    $("#who").textContent = this.reviewer;
  }

  askName() {
    const field = $("#name input");
    field.value = this.reviewer;
    $("#name").onclose = () => {
      if (field.value.trim()) localStorage.setItem("reviewer", field.value.trim());
      this.#showName();
    };
    $("#name").showModal();
  }

  showSaving({ state, error }) {
    const { length } = this.outbox;
    const failed = state === "failed";
    $("#saved").className = `saved${state === "idle" ? "" : " busy"}`;
    $("#saved").textContent = state === "idle" ? "Saved" : `Saving${length > 1 ? ` ${length}` : ""} …`;
    if (failed || state === "idle") $("#banner").hidden = !failed;
    if (failed) {
      const why = error instanceof TypeError ? "the server does not answer" : error.message;
      $("#banner p").textContent = `Not saved yet: ${length} ${length > 1 ? "decisions" : "decision"}, as ${why}. Trying again; leave this page open.`;
    }
  }

  // What others decide, in other tabs or at other machines.
  async poll() {
    try {
      const answer = await requestJson(`/api/changes?since=${this.store.version}`);
      const others = this.store.take(answer).filter(({ reviewer }) => reviewer !== this.reviewer);
      if (others.length) {
        const [{ position, reviewer }] = others;
        const state = describeState(this.store.stateOf(position), this.store.labels[this.store.label[position]]);
        notice(`${reviewer}: ${others.length > 1 ? `${others.length} faces decided` : `a face is ${state} now`}`);
      }
    } catch { /* the next poll, or the next decision, tells */ }
  }
}

async function open() {
  changeTheme(0);
  history.replaceState(null, "", "/"); // the token is in a cookie now
  try {
    const answer = await request("/api/faces");
    const page = new Page(new FaceStore(await answer.arrayBuffer()));
    setInterval(() => document.visibilityState === "visible" && page.poll(), POLL_MS);
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && page.poll());
  } catch (error) {
    $("#banner").hidden = false;
    $("#banner button").hidden = true;
    $("#banner p").textContent = error.message;
    throw error;
  }
}

open();
