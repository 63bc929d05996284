// A map by keyboard: arrows go from point to point, Enter chooses, + − 0 zoom, Escape clears.

export function scatterKeys(map, cancel) {
  const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const EDGE = 40; // CSS pixels from the edge at which the view follows

  // The nearest point within 45° of a direction, what lies aside counting twice. Of points at one place, which lie in no
  // direction from each other, right and down go to the next in the data, left and up to the one before.
  function towards(positions, from, [right, up]) {
    const [x, y] = [positions[2 * from], positions[2 * from + 1]];
    const later = right > 0 || up < 0;
    let [best, found] = [Infinity, null];
    for (let place = 0; place < positions.length / 2; place++) {
      const [dx, dy] = [positions[2 * place] - x, positions[2 * place + 1] - y];
      const along = right * dx + up * dy;
      const aside = Math.abs(right * dy - up * dx);
      if (dx === 0 && dy === 0 ? place === from || place > from !== later : !(along >= aside)) continue;
      const cost = along + 2 * aside;
      if (cost > best || (cost === best && later)) continue; // of equals the first of the later, the last of the earlier
      [best, found] = [cost, place];
    }
    return found;
  }

  function central(positions, { x, y }) {
    let [best, found] = [Infinity, null];
    for (let place = 0; place < positions.length / 2; place++) {
      const distance = (positions[2 * place] - x) ** 2 + (positions[2 * place + 1] - y) ** 2;
      if (distance < best) [best, found] = [distance, place];
    }
    return found;
  }

  function follow(place) {
    const { view, lens } = map;
    const { x, y } = map.at(place);
    const over = (value, size) => Math.min(0, value - EDGE) + Math.max(0, value - (size - EDGE));
    const [right, down] = [over(x, lens.width), over(y, lens.height)];
    if (right || down) map.look({ ...view, x: view.x + right / lens.k, y: view.y - down / lens.k });
  }

  function go(way) {
    const from = map.hovered ?? map.selected.at(-1);
    const place = from === undefined ? central(map.points.now, map.view) : towards(map.points.now, from, way) ?? from;
    if (place === null) return;
    follow(place);
    map.point(place, true);
  }

  // First what is being drawn, then the selection, then the lasso button.
  function escape() {
    if (map.lasso) cancel();
    else if (map.selected.length) map.pick([]);
    else if (map.lassoing) map.lassoMode(false);
    else if (map.hovered === null) return false;
    map.point(null);
    return true;
  }

  function enter(place, adding) {
    const again = map.options.open && !adding && map.selected.length === 1 && map.selected[0] === place;
    if (again) map.options.open(place);
    else map.choose(place, adding);
  }

  map.node.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && escape()) return event.preventDefault();
    if (event.target !== map.top || event.altKey) return;
    const adding = event.shiftKey || event.ctrlKey || event.metaKey;
    const { key } = event;
    if (WAYS[key]) go(WAYS[key]);
    else if ((key === "Enter" || key === " ") && map.hovered !== null) enter(map.hovered, adding);
    else if (event.ctrlKey || event.metaKey) return;
    else if (key === "+" || key === "=") map.zoom(1.5, map.hovered === null ? undefined : map.at(map.hovered));
    else if (key === "-" || key === "_") map.zoom(1 / 1.5);
    else if (key === "0") map.fit();
    else return;
    event.preventDefault();
  });
  map.top.addEventListener("blur", () => map.point(null));
}
