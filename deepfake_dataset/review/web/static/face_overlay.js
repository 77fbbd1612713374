// Draws a face over its frame: the detector's box, the landmarks, the crop's square.

import { draw } from "./dom.js";

// (x, y) pairs of a flat list.
export const pairs = (flat) => flat.reduce((list, x, i) => (i % 2 ? list : [...list, [x, flat[i + 1]]]), []);

// A path that shows as one dot for each point.
export const dots = (points) => points.map(([x, y]) => `M${x} ${y}h0`).join("");

export function faceOverlay({ box, landmarks, square }) {
  const group = draw("g", { class: "drawn" });
  const corners = pairs(square);
  const rectangle = {
    x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top,
  };
  const path = dots(pairs(landmarks));
  group.append(
    draw("polygon", { class: "halo", points: corners.join(" ") }),
    draw("polygon", { class: "square", points: corners.join(" ") }),
    draw("path", { class: "top", d: `M${corners[0]}L${corners[1]}` }),
    draw("rect", { class: "halo", ...rectangle }),
    draw("rect", { class: "box", ...rectangle }),
    draw("path", { class: "points halo", d: path }),
    draw("path", { class: "points", d: path }),
  );
  return group;
}
