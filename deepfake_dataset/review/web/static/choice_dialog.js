// The dialog with a short list, such as reasons to reject: by a digit, by Enter for the one
// suggested, or in own words.

import { $, make } from "./dom.js";

// Gives what was chosen, or null where the person thought better of it.
export function choose(title, choices, suggested, ownWords) {
  const dialog = $("#menu");
  $("#menu-title").textContent = title;
  return new Promise((resolve) => {
    const done = (word) => {
      dialog.onclose = null;
      dialog.close();
      resolve(word);
    };
    const buttons = choices.map((word, i) => {
      const button = make("button", { type: "button" });
      button.append(make("kbd", { textContent: i + 1 }), make("span", { textContent: word }));
      if (word === suggested) button.append(make("span", { className: "suggested", textContent: "suggested" }), make("kbd", { textContent: "Enter" }));
      button.addEventListener("click", () => done(word));
      return button;
    });
    const own = dialog.querySelector(".own");
    const field = own.elements.own;
    field.value = "";
    own.hidden = !ownWords;
    own.onsubmit = (event) => {
      event.preventDefault();
      if (field.value.trim()) done(field.value.trim());
    };
    dialog.querySelector("ol").replaceChildren(...buttons.map((button) => make("li", {}, button)));
    // Its closing is an event that comes later: this may be the one of the dialog before.
    dialog.onclose = () => dialog.open || resolve(null);
    dialog.onkeydown = (event) => {
      if (event.target === field || event.ctrlKey || event.metaKey || event.altKey) return;
      if (/^[1-9]$/.test(event.key) && choices[event.key - 1]) done(choices[event.key - 1]);
      else if (event.key === "0" && ownWords) field.focus();
      else if (event.key === "ArrowDown" || event.key === "ArrowUp") step(buttons, event.key === "ArrowDown" ? 1 : -1);
      else return;
      event.preventDefault();
    };
    dialog.showModal();
    (buttons[choices.indexOf(suggested)] ?? buttons[0]).focus();
  });
}

function step(buttons, by) {
  const at = buttons.indexOf(document.activeElement);
  buttons[(at + by + buttons.length) % buttons.length].focus();
}
