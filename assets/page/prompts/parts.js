// The shared pieces as the Prompts tab uses them.

headlight.promptParts = (() => {
  const { parts, prompts } = headlight;
  const { state, look } = prompts;

  const tiles = (caption, bars = true) =>
    parts.tiles({ look: ({ place }) => look(place), means: "click to look at it under several templates", caption, bars });

  function card(element, title, draw) {
    element.dataset.family = "clip";
    return parts.card(prompts, element, title, draw, () => state.stale || Boolean(state.preparing));
  }

  // A prompt in few words: "a photo of a {}" or "a photo of a {} + 6 more".
  function brief(templates, most = 60) {
    const all = templates.split("\n").map((line) => line.trim()).filter(Boolean);
    const more = all.length > 1 ? ` + ${all.length - 1} more` : "";
    return headlight.wording.short(all[0] ?? "nothing", most) + more;
  }

  return { ...parts, tiles, card, brief };
})();
