// One thumbnail: a tile {image, x, y, w, h} of a larger image.

const INNER = 0.5; // pixels left out all around: enlarging would mix in the neighbours in the sheet

// As large as fits into side × side.
function fitted({ w, h }, side) {
  const scale = side / Math.max(w, h);
  return [Math.max(1, Math.round(w * scale)), Math.max(1, Math.round(h * scale))];
}

function paint(context, { image, x, y, w, h }, left, top, width, height) {
  context.imageSmoothingQuality = "high";
  const part = [x + INNER, y + INNER, w - 2 * INNER, h - 2 * INNER];
  context.drawImage(image, ...part, left, top, width, height);
}

export { fitted, paint };
