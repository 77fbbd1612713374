// Every keyboard shortcut, in one table: what people have learnt from programs that cull photos.
// The help is made of it.

import { $, make } from "./dom.js";

// keys: as KeyboardEvent.key has them, letters in lower case; whole: with Shift for the whole track.
export const KEYS = [
  { group: "Decide", keys: ["p"], does: "keep", text: "keep", whole: true },
  { group: "Decide", keys: ["x"], does: "reject", text: "reject, then a digit or Enter", whole: true },
  { group: "Decide", keys: ["f"], does: "fix", text: "fix box or landmarks" },
  { group: "Decide", keys: ["r"], does: "relabel", text: "another label", whole: true },
  { group: "Decide", keys: ["w"], does: "wrongPerson", text: "wrong person", whole: true },
  { group: "Decide", keys: ["u"], does: "undo", text: "take back", whole: true },
  { group: "Move", keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], does: "move", text: "to the next face" },
  { group: "Move", keys: ["PageUp", "PageDown"], does: "page", text: "a screen up or down" },
  { group: "Move", keys: ["Home", "End"], does: "ends", text: "to the worst, to the last" },
  { group: "Move", keys: ["n"], does: "next", text: "to the next undecided" },
  { group: "Select", keys: ["v"], does: "range", text: "start or end a range, then arrows" },
  { group: "Select", shown: ["Shift", "arrows"], keys: [], text: "select as you go" },
  { group: "Select", keys: ["t"], does: "track", text: "the whole track" },
  { group: "Select", keys: ["a"], control: true, does: "all", text: "all that are shown" },
  { group: "Select", keys: ["Escape"], does: "escape", text: "select none; close" },
  { group: "Look", keys: [" "], does: "zoom", text: "large, and back" },
  { group: "Look", keys: ["c"], does: "compare", text: "beside the original" },
  { group: "Look", keys: ["g"], does: "group", text: "by suspicion, by track" },
  { group: "Look", keys: ["+", "-"], does: "size", text: "size of the crops" },
  { group: "Look", keys: ["/"], does: "filter", text: "to the filters" },
  { group: "Look", keys: ["?"], does: "help", text: "these keys" },
];

const NAMES = {
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "Space", Escape: "Esc",
  PageUp: "Page ↑", PageDown: "Page ↓",
};
const nameOf = (key) => NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key);

// Calls commands[does](event) for each key pressed outside of fields and dialogs.
export function listenForShortcuts(commands) {
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

export function listShortcuts() {
  const groups = Map.groupBy(KEYS, ({ group }) => group);
  $("#keys").replaceChildren(...[...groups].map(([title, entries]) => {
    const list = make("dl");
    for (const { keys, shown, control, text } of entries) {
      const names = [...(control ? ["Ctrl"] : []), ...(shown ?? keys.map(nameOf))];
      list.append(make("dt", {}, ...names.map((name) => make("kbd", { textContent: name }))), make("dd", { textContent: text }));
    }
    const note = title === "Decide" ? [whole()] : [];
    return make("section", {}, make("h3", { textContent: title }), list, ...note);
  }));
}

function whole() {
  const hint = make("p", { className: "hint" });
  hint.append(make("kbd", { textContent: "Shift" }), " with one of these letters: the whole track. Otherwise what is selected.");
  return hint;
}
