// Decisions as this page makes and undoes them: shown at once as pending, as saved when the
// server has said that they are on the disk, not at all when it refuses them.

const STATE_AFTER = {
  keep: "kept", reject: "rejected", relabel: "relabelled", "wrong-person": "wrong-person", fix: "fixed",
};

export class Decisions {
  #made = []; // by this page, the latest last: { faces, version }
  #latest = new Map(); // face → the latest request on it that is not acknowledged

  // Calls saved(action, faces) and refused(error).
  constructor(store, outbox, { reviewer, saved, refused }) {
    Object.assign(this, { store, outbox, reviewer, saved, refused });
  }

  decide(action, faces, more = {}) {
    const face_ids = faces.map((face) => this.store.idOf(face));
    this.#send("/api/decide", action, faces, () => ({ action, face_ids, ...more }));
  }

  fix(face, marks) {
    this.#send("/api/fix", "fix", [face], () => ({ face_id: this.store.idOf(face), marks }));
  }

  // The last decision of this page where it is on these faces or none is chosen; else what stands
  // for the faces, whoever decided it. Gives the faces, an empty list where nothing is undone.
  undo(chosen) {
    const { store } = this;
    const decided = chosen.filter((face) => !store.open(face) || store.pending.has(face));
    const last = this.#made.at(-1);
    const mine = last && (!decided.length || (decided.length === last.faces.length && decided.every((face) => last.faces.includes(face))));
    const undone = mine ? this.#made.pop() : { faces: decided, version: store.version };
    if (undone.faces.length) {
      this.#send("/api/decide", "undo", undone.faces, () => ({
        action: "undo", face_ids: undone.faces.map((face) => store.idOf(face)), seen: undone.version ?? store.version,
      }));
    }
    return undone.faces;
  }

  async #send(path, action, faces, makeBody) {
    const { store } = this;
    const decision = { faces, version: null };
    if (action !== "undo") this.#made.push(decision);
    const pending = store.states.indexOf(STATE_AFTER[action] ?? "undecided");
    const request = {};
    for (const face of faces) {
      store.pending.set(face, pending);
      this.#latest.set(face, request);
    }
    store.notify(faces);
    const settle = () => {
      for (const face of faces) {
        if (this.#latest.get(face) !== request) continue; // decided again in the meantime
        store.pending.delete(face);
        this.#latest.delete(face);
      }
    };
    try {
      const answer = await this.outbox.send(path, () => ({ reviewer: this.reviewer(), ...makeBody() }));
      settle();
      decision.version = answer.version;
      store.take(answer);
      this.saved(action, faces);
    } catch (error) {
      settle();
      this.#made = this.#made.filter((other) => other !== decision);
      store.notify(faces);
      this.refused(error);
    }
  }
}
