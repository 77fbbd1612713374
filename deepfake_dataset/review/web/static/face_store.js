// All faces, as columns: a face is its position in the queue, worst first.

const TYPES = {
  video: Uint32Array, time: Float32Array, suspicion: Float32Array, frame: Uint32Array,
  track: Uint32Array, scene: Uint16Array, reasons: Uint32Array, label: Uint8Array,
  hash: Uint8Array, state: Uint8Array,
};
const HASH_BYTES = 8;
const OUT = ["rejected", "wrong-person"];
const OPEN = ["undecided", "to-confirm"];

export class FaceStore extends EventTarget {
  #ids; // lines of bytes
  #starts = null; // where each begins, and where one more would
  #text = new TextDecoder();
  #track = []; // the one asked for last

  // From the answer to /api/faces: a line of JSON, then the columns that it names.
  constructor(buffer) {
    super();
    const bytes = new Uint8Array(buffer);
    const start = bytes.indexOf(10) + 1;
    Object.assign(this, JSON.parse(this.#text.decode(bytes.subarray(0, start))));
    for (const [name, Type] of Object.entries(TYPES)) {
      const [at, length] = this.columns[name];
      this[name] = new Type(buffer, start + at, length / Type.BYTES_PER_ELEMENT);
    }
    const [at, length] = this.columns.ids;
    this.#ids = bytes.subarray(start + at, start + at + length);
    this.pending = new Map(); // position → state that is not acknowledged yet
    this.decided = 0;
    this.isOpen = this.states.map((word) => OPEN.includes(word));
    this.isOut = this.states.map((word) => OUT.includes(word));
    for (const state of this.state) this.decided += !this.isOpen[state];
  }

  // Read when asked for: or texts of a hundred thousand ids are made before the first face is shown.
  idOf(face) {
    this.#starts ??= startsOfLines(this.#ids, this.count);
    return this.#text.decode(this.#ids.subarray(this.#starts[face], this.#starts[face + 1] - 1));
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

  hashOf(face) {
    const bytes = this.hash.subarray(face * HASH_BYTES, (face + 1) * HASH_BYTES);
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  // Those of the first screen came along.
  thumb(face) {
    const hash = this.hashOf(face);
    return this.thumbs[hash] ?? `/thumbs/${this.idOf(face)}/${hash}.jpg`;
  }

  crop(face) {
    return `/crops/${this.idOf(face)}/${this.hashOf(face)}.png`;
  }

  videoOf(face) {
    return this.videos[this.video[face]];
  }

  // Names and texts of the reasons to doubt a face.
  reasonsOf(face) {
    return this.reasonTexts.filter((_, bit) => this.reasons[face] & (1 << bit));
  }

  // A number for the track of a face, unlike those of other videos.
  trackKey(face) {
    return this.video[face] * 0x100000 + this.track[face];
  }

  // Faces of the same track, by time.
  trackOf(face) {
    const { video, track, frame } = this;
    if (!this.#track.includes(face)) {
      this.#track = [];
      for (let other = 0; other < this.count; other++) {
        if (track[other] === track[face] && video[other] === video[face]) this.#track.push(other);
      }
      this.#track.sort((a, b) => frame[a] - frame[b]);
    }
    return this.#track;
  }

  // What the server says was decided; gives the faces that are other than before.
  take({ changed, since, version }) {
    const different = changed.filter(({ position, state, label, hash }) => {
      this.decided += this.isOpen[this.state[position]] - this.isOpen[state];
      const same = this.state[position] === state && this.label[position] === label
        && this.hashOf(position) === hash;
      this.state[position] = state;
      this.label[position] = label;
      for (let i = 0; i < HASH_BYTES; i++) {
        this.hash[position * HASH_BYTES + i] = parseInt(hash.slice(2 * i, 2 * i + 2), 16);
      }
      return !same;
    });
    this.notify(changed.map(({ position }) => position));
    if (since <= this.version) this.version = Math.max(this.version, version);
    return different;
  }

  notify(faces) {
    this.dispatchEvent(new CustomEvent("change", { detail: faces }));
  }
}

function startsOfLines(bytes, count) {
  const starts = new Uint32Array(count + 1);
  for (let line = 0; line < count; line++) starts[line + 1] = bytes.indexOf(10, starts[line]) + 1;
  starts[count] = bytes.length + 1; // the last line has no end
  return starts;
}
