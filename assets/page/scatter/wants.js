// Asking the caller for the thumbnails that are in sight and not there yet, once all has come to rest.

export function scatterWants(map) {
  const [PAUSE, MOST] = [120, 400]; // ms of rest, and places a question
  const PATIENCE = 5000; // ms before a place is asked for again
  const asked = new Map(); // place → when
  let timer = 0;

  function ask(missing) {
    const { lens } = map;
    const now = performance.now();
    const far = (place) => {
      const { x, y } = map.at(place);
      return (x - lens.width / 2) ** 2 + (y - lens.height / 2) ** 2;
    };
    const due = missing.filter((place) => !(now - asked.get(place) < PATIENCE)).map((place) => [far(place), place]);
    const places = due.sort((a, b) => a[0] - b[0]).slice(0, MOST).map(([, place]) => place);
    places.forEach((place) => asked.set(place, now));
    if (places.length) map.options.wants(places);
  }

  // missing: the places in sight drawn without their picture.
  function notice(missing) {
    clearTimeout(timer);
    if (missing.length) timer = setTimeout(() => ask(missing), PAUSE);
  }

  return { notice, forget: () => asked.clear(), stop: () => clearTimeout(timer) };
}
