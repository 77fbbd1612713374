// Elements, icons and messages of the page. Text goes in as text: a name is never read as markup.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (selector) => document.querySelector(selector);

export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

export function draw(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export function icon(state) {
  return draw("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, draw("use", { href: `#i-${state}` }));
}

// With commas between thousands. Intl does it too, but takes 30 ms to be loaded.
export const counted = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");

// A status that screen readers speak.
export function say(text) {
  $("#live").textContent = text;
}

const NOTICE_MS = 7000;
let noticed = 0;

// A message that goes by itself.
export function notice(text) {
  const element = $("#notice");
  element.textContent = text;
  element.hidden = false;
  say(text);
  clearTimeout(noticed);
  noticed = setTimeout(() => (element.hidden = true), NOTICE_MS);
}
