// All faces, as columns: a face is its position in the queue, worst first.

const TYPES = {
  video: Uint32Array, time: Float32Array, suspicion: Float32Array, frame: Uint32Array,
  track: Uint32Array, scene: Uint16Array, reasons: Uint16Array, label: Uint8Array,
  key: Uint8Array, state: Uint8Array,
};
const KEY_BYTES = 8;
const OUT = ["rejected", "wrong-person"];
const OPEN = ["undecided", "to-confirm"];

export class Store extends EventTarget {
  // From the answer to /api/faces: a line of JSON, then the columns that it names.
  constructor(buffer) {
    super();
    const bytes = new Uint8Array(buffer);
    const start = bytes.indexOf(10) + 1;
    const text = new TextDecoder();
    Object.assign(this, JSON.parse(text.decode(bytes.subarray(0, start))));
    for (const [name, Type] of Object.entries(TYPES)) {
      const [at, length] = this.columns[name];
      this[name] = new Type(buffer, start + at, length / Type.BYTES_PER_ELEMENT);
    }
    const [at, length] = this.columns.ids;
    this.ids = this.count ? text.decode(bytes.subarray(start + at, start + at + length)).split("\n") : [];
    this.pending = new Map(); // position → state that is not acknowledged yet
    this.decided = 0;
    this.isOpen = this.states.map((word) => OPEN.includes(word));
    this.isOut = this.states.map((word) => OUT.includes(word));
    for (const state of this.state) this.decided += !this.isOpen[state];
    this.tracks = null;
  }

  stateOf(face) {
    return this.states[this.pending.get(face) ?? this.state[face]];
  }

  open(face) {
    return this.isOpen[this.pending.get(face) ?? this.state[face]];
  }

  out(face) {
    return this.isOut[this.pending.get(face) ?? this.state[face]];
  }

  keyOf(face) {
    const bytes = this.key.subarray(face * KEY_BYTES, (face + 1) * KEY_BYTES);
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  thumb(face) {
    return `/thumbs/${this.ids[face]}/${this.keyOf(face)}.jpg`;
  }

  crop(face) {
    return `/crops/${this.ids[face]}/${this.keyOf(face)}.png`;
  }

  videoOf(face) {
    return this.videos[this.video[face]];
  }

  // Names and words of the reasons to doubt a face.
  doubtsOf(face) {
    return this.reasonWords.filter((_, bit) => this.reasons[face] & (1 << bit));
  }

  // Faces of the same track, by time.
  trackOf(face) {
    this.tracks ??= this.#byTrack();
    return this.tracks.get(this.#trackKey(face));
  }

  #trackKey(face) {
    return this.video[face] * 0x100000 + this.track[face];
  }

  #byTrack() {
    const tracks = new Map();
    for (let face = 0; face < this.count; face++) {
      const key = this.#trackKey(face);
      const faces = tracks.get(key);
      if (faces) faces.push(face);
      else tracks.set(key, [face]);
    }
    for (const faces of tracks.values()) faces.sort((a, b) => this.frame[a] - this.frame[b]);
    return tracks;
  }

  // What the server says of some faces; gives those that are other than before.
  take(changed) {
    const news = changed.filter(({ position, state, label, key }) => {
      this.decided += this.isOpen[this.state[position]] - this.isOpen[state];
      const same = this.state[position] === state && this.label[position] === label
        && this.keyOf(position) === key;
      this.state[position] = state;
      this.label[position] = label;
      for (let i = 0; i < KEY_BYTES; i++) {
        this.key[position * KEY_BYTES + i] = parseInt(key.slice(2 * i, 2 * i + 2), 16);
      }
      return !same;
    });
    this.tell(changed.map(({ position }) => position));
    return news;
  }

  tell(faces) {
    this.dispatchEvent(new CustomEvent("change", { detail: faces }));
  }
}
