// Cache of source frames as pictures: they are decoded on demand, so the last few are kept.

import { request } from "./api.js";

const KEPT = 24;
const frames = new Map(); // face id → promise of an address of its own

export function frameOf(id) {
  if (!frames.has(id)) {
    const address = request(`/frames/${id}.jpg`).then(async (answer) => URL.createObjectURL(await answer.blob()));
    address.catch(() => frames.delete(id));
    frames.set(id, address);
    if (frames.size > KEPT) drop(frames.keys().next().value);
  }
  return frames.get(id);
}

function drop(id) {
  frames.get(id).then(URL.revokeObjectURL, () => {});
  frames.delete(id);
}
