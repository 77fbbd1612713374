// Light, dark, or as the system has it; remembered by the browser.

import { $ } from "./dom.js";

const THEMES = ["auto", "light", "dark"];

// The theme so many steps after the one chosen last.
export function changeTheme(by) {
  const now = Math.max(0, THEMES.indexOf(localStorage.getItem("theme")));
  const chosen = THEMES[(now + by) % THEMES.length];
  localStorage.setItem("theme", chosen);
  if (chosen === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  const text = `Theme: ${chosen === "auto" ? "as the system has it" : chosen}`;
  $("#theme").title = text;
  $("#theme").setAttribute("aria-label", text);
}
