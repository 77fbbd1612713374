// Every key, in one table: what people have learnt from programs that cull photos. The help
// is made of it.

import { $, make } from "./dom.js";

// keys: as KeyboardEvent.key has them, letters in lower case; whole: with Shift for the whole track.
export const KEYS = [
  { group: "Decide", keys: ["p"], does: "keep", words: "keep", whole: true },
  { group: "Decide", keys: ["x"], does: "reject", words: "reject, then a digit or Enter", whole: true },
  { group: "Decide", keys: ["f"], does: "fix", words: "fix box or landmarks" },
  { group: "Decide", keys: ["r"], does: "relabel", words: "another label", whole: true },
  { group: "Decide", keys: ["w"], does: "wrongPerson", words: "wrong person", whole: true },
  { group: "Decide", keys: ["u"], does: "undo", words: "take back", whole: true },
  { group: "Move", keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], does: "move", words: "to the next face" },
  { group: "Move", keys: ["PageUp", "PageDown"], does: "page", words: "a screen up or down" },
  { group: "Move", keys: ["Home", "End"], does: "ends", words: "to the worst, to the last" },
  { group: "Move", keys: ["n"], does: "next", words: "to the next undecided" },
  { group: "Select", keys: ["v"], does: "range", words: "start or end a range, then arrows" },
  { group: "Select", shown: ["Shift", "arrows"], keys: [], words: "select as you go" },
  { group: "Select", keys: ["t"], does: "track", words: "the whole track" },
  { group: "Select", keys: ["a"], control: true, does: "all", words: "all that are shown" },
  { group: "Select", keys: ["Escape"], does: "escape", words: "select none; close" },
  { group: "Look", keys: [" "], does: "zoom", words: "large, and back" },
  { group: "Look", keys: ["c"], does: "compare", words: "beside the original" },
  { group: "Look", keys: ["g"], does: "group", words: "by suspicion, by track" },
  { group: "Look", keys: ["+", "-"], does: "size", words: "size of the crops" },
  { group: "Look", keys: ["/"], does: "filter", words: "to the filters" },
  { group: "Look", keys: ["?"], does: "help", words: "these keys" },
];

const NAMES = {
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "Space", Escape: "Esc",
  PageUp: "Page ↑", PageDown: "Page ↓",
};
const nameOf = (key) => NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key);

// Calls commands[does](event) for each key pressed outside of fields and dialogs.
export function listen(commands) {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const { target } = event;
    if (target.closest?.("input, select, textarea")) {
      if (event.key === "Escape") commands.escape(event);
      return;
    }
    if (target.closest?.("button") && (event.key === " " || event.key === "Enter")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase().replace("=", "+") : event.key;
    const found = KEYS.find((entry) => entry.keys.includes(key) && !!entry.control === (event.ctrlKey || event.metaKey));
    if (!found) return;
    event.preventDefault();
    commands[found.does](event);
  });
}

export function showKeys() {
  const groups = Map.groupBy(KEYS, ({ group }) => group);
  $("#keys").replaceChildren(...[...groups].map(([title, entries]) => {
    const list = make("dl");
    for (const { keys, shown, control, words } of entries) {
      const names = [...(control ? ["Ctrl"] : []), ...(shown ?? keys.map(nameOf))];
      list.append(make("dt", {}, ...names.map((name) => make("kbd", { textContent: name }))), make("dd", { textContent: words }));
    }
    const note = title === "Decide" ? [whole()] : [];
    return make("section", {}, make("h3", { textContent: title }), list, ...note);
  }));
}

function whole() {
  const text = make("p", { className: "hint" });
  text.append(make("kbd", { textContent: "Shift" }), " with one of these letters: the whole track. Otherwise what is selected.");
  return text;
}
