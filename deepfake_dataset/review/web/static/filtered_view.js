// Which faces the filters show, in which order and under which headings.

export const ANY = "";

export class FilteredView {
  filters = { state: ANY, reason: ANY, label: ANY, video: ANY, scene: ANY };
  grouped = false;
  groups = []; // of faces; one group where they are not grouped by track
  faces = []; // all of them in the order shown
  #places = null; // face → its index in faces, or −1

  constructor(store) {
    this.store = store;
    this.renew();
  }

  // Decided faces stay where they are until a filter or the order is set: nothing moves under
  // a hand that works.
  renew() {
    const shown = [];
    for (let face = 0; face < this.store.count; face++) if (this.#fits(face)) shown.push(face);
    this.groups = this.grouped ? this.#byTrack(shown) : shown.length ? [shown] : [];
    this.faces = this.groups.flat();
    this.#places ??= new Int32Array(this.store.count);
    this.#places.fill(-1);
    this.faces.forEach((face, place) => (this.#places[face] = place));
  }

  // Index in faces of a face; −1 where it is not shown.
  placeOf(face) {
    return this.#places[face] ?? -1;
  }

  // The next face that is open, from a place on and then from the start; −1 where none is.
  nextOpen(place) {
    const { faces, store } = this;
    for (let i = 1; i <= faces.length; i++) {
      const next = (place + i) % faces.length;
      if (store.open(faces[next])) return next;
    }
    return -1;
  }

  #fits(face) {
    const { store, filters } = this;
    const { state, reason, label, video, scene } = filters;
    if (state === "open" ? !store.open(face) : state && store.stateOf(face) !== state) return false;
    if (reason !== ANY && !(store.reasons[face] & (1 << Number(reason)))) return false;
    if (label !== ANY && store.label[face] !== Number(label)) return false;
    if (video !== ANY && store.video[face] !== Number(video)) return false;
    return scene === ANY || store.scene[face] === Number(scene);
  }

  // Tracks by their worst face, each by time.
  #byTrack(shown) {
    const tracks = new Map();
    for (const face of shown) {
      const key = this.store.trackKey(face);
      const track = tracks.get(key);
      if (track) track.push(face);
      else tracks.set(key, [face]);
    }
    const byTime = (a, b) => this.store.frame[a] - this.store.frame[b];
    return [...tracks.values()].map((faces) => faces.sort(byTime));
  }
}
