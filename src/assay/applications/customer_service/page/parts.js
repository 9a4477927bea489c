// Elements made of text alone: nothing that was said is ever read as HTML.

import { word } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/** Make an element; `text`, `class` and `on` are what they say, all else is an attribute. */
export function make(name, given = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (key === "text") made.textContent = value;
    else if (key === "on") made.addEventListener("click", value);
    else if (key === "word") { made.dataset.word = value; made.textContent = word(value); }
    else if (key === "label") { made.dataset.label = value; made.setAttribute("aria-label", word(value)); }
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...inside.filter((one) => one != null));
  return made;
}

/** Make a drawing of one line, which says nothing to a screen reader. */
export function drawing(line) {
  const made = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 20 20", width: 18, height: 18, "aria-hidden": "true" })) {
    made.setAttribute(key, value);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", line);
  made.append(path);
  return made;
}
