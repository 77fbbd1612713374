// The dialog in which a person moves a face's box or landmarks, with the crop that comes of it.

import { $, draw } from "./dom.js";
import { dots, pairs } from "./face_overlay.js";
import { frameOf } from "./frame_cache.js";
import { explain, requestJson } from "./api.js";

// Points in the order of the iBUG 300-W scheme, or dlib's five.
const PARTS = {
  68: { jaw: [0, 17], "right brow": [17, 22], "left brow": [22, 27], nose: [27, 36], "right eye": [36, 42], "left eye": [42, 48], mouth: [48, 68] },
  5: { "left eye": [0, 2], "right eye": [2, 4], nose: [4, 5] },
};
const CLOSED = ["right eye", "left eye", "mouth"];
const CORNERS = { nw: ["left", "top"], ne: ["right", "top"], se: ["right", "bottom"], sw: ["left", "bottom"] };
const SMALLEST_PX = 8;
const ROOM = 1.35; // of the table over what is marked
const STEP_PX = 1;
const FAR_PX = 10;
const SCALE = 1.03;
const TURN_DEG = 1.5;
const CORNER_PX = 5;

export class FixDialog {
  #dialog = $("#fixer");
  #preview = { busy: false, due: false, round: 0 };
  #held = null;

  constructor(store) {
    this.store = store;
    $("#fix-cancel").addEventListener("click", () => this.#dialog.close());
    $("#fix-save").addEventListener("click", () => this.#end(true));
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#dialog.addEventListener("close", () => this.#dialog.open || this.#end(false));
    for (const button of this.#dialog.querySelectorAll("[data-tool]")) {
      button.addEventListener("click", () => this.#tool(button.dataset.tool));
    }
    const table = $("#table");
    table.addEventListener("pointerdown", (event) => this.#grab(event));
    table.addEventListener("pointermove", (event) => this.#drag(event));
    table.addEventListener("pointerup", () => this.#release());
    table.addEventListener("pointercancel", () => this.#release());
  }

  // Gives the marks to save, or null. Throws where there is no frame to mark.
  async open(face) {
    const id = this.store.idOf(face);
    const [details, address] = await Promise.all([requestJson(`/api/faces/${id}`), frameOf(id)]);
    this.face = face;
    this.start = details.fixed ?? details.found;
    this.size = details.facts;
    this.address = address;
    $("#crop-before").src = this.store.crop(face);
    this.#again();
    this.#dialog.showModal();
    this.#resize();
    this.#svg.querySelector(".part.box").focus();
    return new Promise((resolve) => (this.resolve = resolve));
  }

  #again() {
    this.box = { ...this.start.box };
    this.points = pairs(this.start.landmarks);
    this.square = this.start.square;
    this.byBox = false;
    this.changed = false;
    this.sound = true;
    this.#preview.round++;
    $("#crop-after").src = this.store.crop(this.face);
    this.#note("");
    this.#layTable();
  }

  get #marks() {
    return this.byBox ? { box: this.box, landmarks: [] } : { box: null, landmarks: this.points.flat() };
  }

  #end(save) {
    if (save && $("#fix-save").disabled) return;
    const { resolve } = this;
    this.resolve = null;
    if (this.#dialog.open) this.#dialog.close();
    resolve?.(save ? this.#marks : null);
  }

  // The frame about the face, as large as there is room, and all that can be moved.
  #layTable() {
    const around = [...pairs(this.start.square), [this.box.left, this.box.top], [this.box.right, this.box.bottom]];
    const [left, top] = [0, 1].map((i) => Math.min(...around.map((point) => point[i])));
    const [right, bottom] = [0, 1].map((i) => Math.max(...around.map((point) => point[i])));
    const [wide, high] = [(right - left) * ROOM, (bottom - top) * ROOM];
    const view = [(left + right - wide) / 2, (top + bottom - high) / 2, wide, high];
    this.#svg = draw("svg", { viewBox: view.join(" ") });
    this.#svg.append(draw("image", { href: this.address, width: this.size.width, height: this.size.height }));
    this.crop = draw("g", { class: "drawn" });
    this.parts = draw("g");
    this.#svg.append(this.crop, this.parts);
    $("#table").replaceChildren(this.#svg);
    this.#makeParts();
    this.#redraw();
  }

  #svg = null;

  #resize() {
    this.unit = 1 / (this.#svg.getScreenCTM()?.a || 1); // pixels of the frame to one of the screen
    this.#redraw();
  }

  #makeParts() {
    const parts = PARTS[this.points.length] ?? {};
    this.#addPart("all", "all landmarks", [0, this.points.length]);
    for (const [name, range] of Object.entries(parts)) this.#addPart(name, name, range);
    const box = this.#addPart("box", "box", null);
    for (const corner of Object.keys(CORNERS)) box.append(draw("circle", { class: `corner ${corner}`, "data-corner": corner }));
  }

  #addPart(name, description, range) {
    const kind = name === "all" || name === "box" ? name : CLOSED.includes(name) ? "closed" : "open";
    const part = draw("g", { class: `part ${kind}`, tabindex: 0, role: "button", "aria-label": description });
    Object.assign(part, { name, range });
    part.append(draw("path", { class: "grip" }), draw("path", { class: "shape" }));
    if (range && name !== "all") part.append(draw("path", { class: "dots halo" }), draw("path", { class: "dots" }));
    this.parts.append(part);
    return part;
  }

  #redraw() {
    for (const part of this.parts.children) {
      const points = part.range ? this.points.slice(...part.range) : cornersOf(this.box);
      const around = part.name === "all" ? hull(points) : points;
      const closed = !part.range || part.name === "all" || CLOSED.includes(part.name);
      const path = `M${around.join("L")}${closed ? "Z" : ""}`;
      for (const element of part.children) {
        if (element.tagName === "circle") {
          const [x, y] = CORNERS[element.dataset.corner];
          for (const [key, value] of Object.entries({ cx: this.box[x], cy: this.box[y], r: CORNER_PX * (this.unit ?? 1) })) element.setAttribute(key, value);
        } else element.setAttribute("d", element.classList.contains("dots") ? dots(points) : path);
      }
    }
    const corners = pairs(this.square);
    this.crop.replaceChildren(
      draw("polygon", { class: "halo", points: corners.join(" ") }),
      draw("polygon", { class: "square", points: corners.join(" ") }),
      draw("path", { class: "top", d: `M${corners[0]}L${corners[1]}` }),
    );
    $("#fix-save").disabled = !this.changed || !this.sound || this.#preview.due || this.#preview.busy;
  }

  #at(event) {
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.#svg.getScreenCTM().inverse());
    return [place.x, place.y];
  }

  #grab(event) {
    const part = event.target.closest(".part");
    if (!part || event.button) return;
    event.preventDefault();
    part.focus();
    part.classList.add("held");
    $("#table").setPointerCapture(event.pointerId);
    const at = this.#at(event);
    const range = event.altKey && part.range ? this.#nearest(part.range, at) : part.range;
    this.#held = { part, at, range, corner: event.target.dataset.corner };
  }

  #nearest([from, to], [x, y]) {
    const away = (i) => Math.hypot(this.points[i][0] - x, this.points[i][1] - y);
    let best = from;
    for (let i = from; i < to; i++) if (away(i) < away(best)) best = i;
    return [best, best + 1];
  }

  #drag(event) {
    if (!this.#held) return;
    const { part, at, range, corner } = this.#held;
    const to = this.#at(event);
    const by = [to[0] - at[0], to[1] - at[1]];
    this.#held.at = to;
    if (corner) this.#pull(corner, by);
    else this.#move(part, by, range);
  }

  #release() {
    this.#held?.part.classList.remove("held");
    this.#held = null;
  }

  #pull(corner, by) {
    const [x, y] = CORNERS[corner];
    const box = { ...this.box, [x]: this.box[x] + by[0], [y]: this.box[y] + by[1] };
    if (box.right - box.left < SMALLEST_PX || box.bottom - box.top < SMALLEST_PX) return;
    this.#change(true, () => (this.box = box));
  }

  #move(part, [dx, dy], range = part.range) {
    this.#map(part, range, ([x, y]) => [x + dx, y + dy]);
  }

  // Move what belongs to a part: some landmarks, or the box.
  #map(part, range, to) {
    this.#change(!part.range, () => {
      if (part.range) for (let i = range[0]; i < range[1]; i++) this.points[i] = to(this.points[i]);
      else {
        const [[left, top], , [right, bottom]] = cornersOf(this.box).map(to);
        this.box = { left, top, right, bottom };
      }
    });
  }

  #change(byBox, make) {
    make();
    this.byBox = byBox;
    this.changed = true;
    this.#preview.due = true;
    this.#redraw();
    this.#updatePreview();
  }

  // One preview at a time; the latest marks come next.
  async #updatePreview() {
    const preview = this.#preview;
    if (preview.busy || !preview.due) return;
    Object.assign(preview, { busy: true, due: false });
    const { round } = preview;
    const wasByBox = this.byBox;
    try {
      const answer = await requestJson("/api/preview", { face_id: this.store.idOf(this.face), marks: this.#marks });
      if (round === preview.round) this.#take(answer, wasByBox);
    } catch (error) {
      if (round === preview.round) {
        this.sound = false;
        this.#note(explain(error));
      }
    }
    preview.busy = false;
    this.#redraw();
    this.#updatePreview();
  }

  #take({ overlay, png }, wasByBox) {
    $("#crop-after").src = `data:image/png;base64,${png}`;
    this.square = overlay.square;
    if (wasByBox && this.byBox) this.points = pairs(overlay.landmarks);
    this.sound = true;
    this.#note(`${Math.round(overlay.native_px)} px of the source`);
  }

  #note(text) {
    $("#fix-note").textContent = text;
  }

  #tool(tool) {
    if (tool === "again") return this.#again(), this.#resize();
    const all = this.parts.firstChild;
    if (tool === "larger" || tool === "smaller") this.#scale(all, tool === "larger" ? SCALE : 1 / SCALE);
    else this.#turn(all, tool === "right" ? TURN_DEG : -TURN_DEG);
  }

  #scale(part, by) {
    const [cx, cy] = this.#middle(part);
    this.#map(part, part.range, ([x, y]) => [cx + (x - cx) * by, cy + (y - cy) * by]);
  }

  #turn(part, degrees) {
    if (!part.range) return;
    const [cx, cy] = this.#middle(part);
    const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    this.#map(part, part.range, ([x, y]) => [cx + (x - cx) * cos - (y - cy) * sin, cy + (x - cx) * sin + (y - cy) * cos]);
  }

  #middle(part) {
    const points = part.range ? this.points.slice(...part.range) : cornersOf(this.box);
    return [0, 1].map((i) => points.reduce((sum, point) => sum + point[i], 0) / points.length);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" && event.target.tagName !== "BUTTON") {
      event.preventDefault();
      return this.#end(true);
    }
    const part = event.target.closest?.(".part");
    if (!part) return;
    const step = event.shiftKey ? FAR_PX : STEP_PX;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (moves[event.key]) this.#move(part, moves[event.key]);
    else if (event.key === "+" || event.key === "=") this.#scale(part, SCALE);
    else if (event.key === "-") this.#scale(part, 1 / SCALE);
    else if (event.key === "[") this.#turn(part, -TURN_DEG);
    else if (event.key === "]") this.#turn(part, TURN_DEG);
    else return;
    event.preventDefault();
  }
}

const cornersOf = ({ left, top, right, bottom }) => [[left, top], [right, top], [right, bottom], [left, bottom]];

// Convex hull, Andrew's monotone chain.
function hull(points) {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const turnsRight = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) <= 0;
  const chain = (list) => {
    const line = [];
    for (const point of list) {
      while (line.length > 1 && turnsRight(line.at(-2), line.at(-1), point)) line.pop();
      line.push(point);
    }
    return line.slice(0, -1);
  };
  return [...chain(sorted), ...chain(sorted.reverse())];
}
