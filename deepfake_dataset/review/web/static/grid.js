// The grid of crops. Only the rows in sight are in the document, however many there are.

import { icon, make } from "./dom.js";

const CAPTION_PX = 18;
const GAP_PX = 6;
const HEADING_PX = 34;
const EDGE_PX = 8;
const NARROW_PX = 720;
const AHEAD_PX = 400;
const SETTLED_MS = 60;

export class Grid {
  size = innerWidth < NARROW_PX ? 92 : 124; // wanted side of a crop; rows are filled
  #rows = []; // { top, height, group, first, end } in places of the view; headings have no end
  #shown = new Map(); // index of a row → its element
  #columns = 1;
  #width = 0; // that the rows were made for
  #settled = 0;
  #scrolling = false;

  constructor(element, store, view) {
    Object.assign(this, { element, store, view, active: 0, selected: new Set() });
    this.body = element.querySelector(".rows");
    this.empty = element.querySelector(".empty");
    element.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#resized()).observe(element);
  }

  get face() {
    return this.view.faces[this.active];
  }

  get columns() {
    return this.#columns;
  }

  // Anew, after the view or the width has changed; the active face stays in sight.
  layout() {
    this.#width = this.element.clientWidth;
    const width = this.#width - 2 * EDGE_PX;
    this.#columns = Math.max(2, Math.floor((width + GAP_PX) / (this.size + GAP_PX)));
    this.cell = Math.floor((width - GAP_PX * (this.#columns - 1)) / this.#columns);
    const height = this.cell + CAPTION_PX + GAP_PX;
    this.#rows = [];
    let top = 0;
    let place = 0;
    for (const group of this.view.groups) {
      if (this.view.grouped) {
        this.#rows.push({ top, height: HEADING_PX, group, first: place });
        top += HEADING_PX;
      }
      for (let i = 0; i < group.length; i += this.#columns) {
        const end = Math.min(i + this.#columns, group.length);
        this.#rows.push({ top, height, group, first: place + i, end: place + end });
        top += height;
      }
      place += group.length;
    }
    this.body.style.height = `${top}px`;
    this.element.setAttribute("aria-rowcount", this.#rows.length);
    this.element.setAttribute("aria-colcount", this.#columns);
    this.empty.hidden = this.view.faces.length > 0;
    this.body.replaceChildren();
    this.#shown.clear();
    this.reveal();
    this.render();
  }

  // A window of another height has the same rows.
  #resized() {
    if (this.element.clientWidth !== this.#width) return this.layout();
    this.reveal();
    this.render();
  }

  // Scroll just so far that the active face is in sight.
  reveal() {
    const row = this.#rows[this.rowOf(this.active)];
    if (!row) return;
    const { scrollTop, clientHeight } = this.element;
    const above = row.first === 0 ? 0 : this.view.grouped ? row.top - HEADING_PX : row.top;
    const below = row.top + row.height + 2 * EDGE_PX - clientHeight;
    if (below > scrollTop) this.element.scrollTop = below;
    if (above < this.element.scrollTop) this.element.scrollTop = above;
  }

  // Index of the row that holds a place.
  rowOf(place) {
    let low = 0;
    let high = this.#rows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const row = this.#rows[middle];
      if (row.first < place || (row.first === place && row.end)) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  // The place one or more rows up or down, in the same column as far as the row has it.
  vertical(place, steps) {
    const index = this.rowOf(place);
    const column = place - this.#rows[index].first;
    let to = index;
    for (let left = Math.abs(steps); left > 0;) {
      const next = to + Math.sign(steps);
      if (!this.#rows[next] || (next === 0 && !this.#rows[0].end)) break;
      to = next;
      if (this.#rows[to].end) left--;
    }
    if (!this.#rows[to]?.end) return place;
    return Math.min(this.#rows[to].first + column, this.#rows[to].end - 1);
  }

  get rowsInSight() {
    return Math.max(1, Math.floor(this.element.clientHeight / (this.cell + CAPTION_PX + GAP_PX)));
  }

  // What has changed of some faces, or of what is selected.
  render() {
    const from = this.element.scrollTop - AHEAD_PX;
    const to = this.element.scrollTop + this.element.clientHeight + AHEAD_PX;
    const wanted = new Set();
    for (let i = this.#firstRow(from); i < this.#rows.length && this.#rows[i].top < to; i++) wanted.add(i);
    for (const [i, element] of this.#shown) {
      if (wanted.has(i)) continue;
      for (const image of element.querySelectorAll("img")) image.removeAttribute("src");
      element.remove();
      this.#shown.delete(i);
    }
    for (const i of wanted) if (!this.#shown.has(i)) this.#show(i);
    for (const element of this.#shown.values()) for (const cell of element.children) this.#dress(cell);
    this.element.setAttribute("aria-activedescendant", `face-${this.face}`);
  }

  #firstRow(y) {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#rows[middle].top + this.#rows[middle].height < y) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #show(index) {
    const row = this.#rows[index];
    const element = make("div", { className: row.end ? "row" : "row heading", role: "row" });
    element.setAttribute("aria-rowindex", index + 1);
    element.style.transform = `translateY(${row.top}px)`;
    element.style.height = `${row.height}px`;
    if (row.end) {
      for (let place = row.first; place < row.end; place++) element.append(this.#cell(place, place - row.first));
    } else element.append(this.#heading(row.group));
    this.body.append(element);
    this.#shown.set(index, element);
  }

  #heading(group) {
    const { store } = this;
    const { video_path, label } = store.videoOf(group[0]);
    const facts = `${label} · scene ${store.scene[group[0]]} · track ${store.track[group[0]]} · ${group.length} faces`;
    const heading = make("div", { role: "rowheader", className: "row heading" });
    heading.append(make("span", { textContent: video_path }), make("span", { textContent: facts }));
    return heading;
  }

  #cell(place, column) {
    const face = this.view.faces[place];
    const cell = make("div", { className: "cell", role: "gridcell", id: `face-${face}` });
    cell.setAttribute("aria-colindex", column + 1);
    cell.style.width = `${this.cell}px`;
    cell.place = place;
    const picture = make("div", { className: "picture" });
    picture.append(make("img", { alt: "", draggable: false, decoding: "async" }));
    const caption = make("div", { className: "word" });
    const [name = "", text = ""] = this.store.reasonsOf(face)[0] ?? [];
    const score = make("span", { textContent: this.store.suspicion[face].toFixed(2) });
    caption.append(make("span", { textContent: name.replaceAll("-", " "), title: text }), score);
    cell.append(picture, caption);
    return cell;
  }

  // Classes, badge and picture as they are now; touches only what differs.
  #dress(cell) {
    if (cell.place === undefined) return;
    const { store } = this;
    const face = this.view.faces[cell.place];
    const state = store.stateOf(face);
    const [picture] = cell.children;
    const image = picture.firstChild;
    const source = store.thumb(face);
    if (image.getAttribute("src") !== source && !this.#scrolling) image.src = source;
    cell.classList.toggle("active", cell.place === this.active);
    cell.classList.toggle("out", store.out(face));
    cell.classList.toggle("pending", store.pending.has(face));
    const selected = String(this.selected.has(face) || cell.place === this.active);
    if (cell.ariaSelected !== selected) cell.ariaSelected = selected;
    if (cell.dataset.state === state) return;
    cell.dataset.state = state;
    cell.ariaLabel = [`face ${cell.place + 1}`, state, store.labels[store.label[face]],
      store.videoOf(face).video_path, ...store.reasonsOf(face).map(([, text]) => text)].join(", ");
    picture.querySelector(".badge")?.remove();
    if (state !== "undecided") picture.append(make("div", { className: "badge" }, icon(state)));
  }

  #scrolled() {
    this.#scrolling = true;
    clearTimeout(this.#settled);
    this.#settled = setTimeout(() => {
      this.#scrolling = false;
      this.render();
    }, SETTLED_MS);
    requestAnimationFrame(() => this.render());
  }
}
