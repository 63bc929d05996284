// What a map shows, in words: under it, in its alt text and in what is exported.

headlight.wording = (() => {
  const { state } = headlight;
  const TOUCH = window.matchMedia("(hover: none)").matches;

  function number(value, signed) {
    if (signed && value) return `${value < 0 ? "−" : "+"}${digits(Math.abs(value))}`;
    return digits(value);
  }

  function digits(value) {
    if (value === 0) return "0";
    if (value < 0.001) return value.toExponential(0).replace("-", "−");
    return value >= 100 ? value.toFixed(0) : value.toPrecision(value >= 10 ? 3 : 2);
  }

  function percent(share) {
    if (share < 0.001) return "< 0.1 %";
    return share > 0.999 && share < 1 ? "> 99.9 %" : `${(share * 100).toFixed(1)} %`;
  }

  function value(map, at) {
    const found = map.values[at[0] * map.cols + at[1]];
    const place = `row ${at[0] + 1}, column ${at[1] + 1}`;
    return map.signed
      ? `${place}: ${number(found, true)} logits`
      : `${place}: ${number(found)} × an even share`;
  }

  // What stands under the map: the value pointed at, or else what pointing would do; and which of the two it is.
  function reading(now) {
    if (!now?.map?.values) return ["", false];
    const at = state.hover && headlight.maps.patchAt(now.map, now.view, state.hover);
    if (at) return [value(now.map, at), true];
    if (state.hover) return ["outside what this model sees", true];
    if (state.point) return [TOUCH ? "Tap the patch again to let it go." : "Click the patch again, or press Esc, to let it go.", false];
    return [`${TOUCH ? "Tap" : "Click"} a patch to ${state.method === "attention" ? "ask what it attends to" : "see its attention instead"}.`, false];
  }

  function short(label, most = 40) {
    return label.length > most ? `${label.slice(0, most - 1)}…` : label;
  }

  // [what, which]: "Attention from [CLS]", "layer 6 of 6, mean of 3 heads".
  function title(column, map) {
    const { answer } = column;
    const target = short(answer.target.label);
    const given = `its probability ${percent(answer.target.probability)}`;
    const method = headlight.methods[state.method];
    const layer = (map?.layer ?? headlight.maps.layerOf(column)) + 1;
    if (state.method === "rollout") {
      const layers = layer === 1 ? "layer 1" : `layers 1–${layer}`;
      return [`Rollout, ${layers} of ${answer.layers}`, "mean of heads, for any class"];
    }
    if (state.method !== "attention") {
      const place = method.takes.includes("layer") ? `layer ${layer} of ${answer.layers}` : method.reads;
      return method.targeted ? [`${method.title} for “${target}”`, `${place}; ${given}`] : [method.title, `${place}, for any class`];
    }
    const what = state.point
      ? "Attention from the pinned patch"
      : answer.readout
        ? `Attention from ${answer.readout}`
        : "Attention each patch received";
    const heads = map?.heads ?? headlight.maps.headsOf(column, layer - 1);
    const head = map?.head ? `head ${map.head} of ${heads}` : heads === 1 ? "its one head" : `mean of ${heads} heads`;
    return [what, `layer ${layer} of ${answer.layers}, ${head}, for any class`];
  }

  // What else must be said of this map.
  function remarks(column, map) {
    const { answer } = column;
    const said = [];
    if (state.target && !answer.target.known) {
      said.push(`This model has no class “${short(state.target.name)}”; it explains its own answer.`);
    }
    said.push(...answer.notes);
    if (!map || map.missing) return said;
    if (map.wanted > map.head) said.push(`This layer has no head ${map.wanted}: its mean is shown.`);
    if (map.note) said.push(map.note);
    if (map.values && !map.signed) {
      const inside = map.values.reduce((a, b) => a + b, 0) / map.values.length;
      if (inside < 0.995 && answer.readout) said.push(`${percent(1 - inside)} went to ${answer.readout} itself.`);
    }
    return said;
  }

  // For those who cannot see the map.
  function alt(column, map) {
    if (!column.answer) return `${column.title}: no map yet`;
    const [what, which] = title(column, map);
    if (!map?.values) return `${column.title}: ${what}, ${which}: no map`;
    return `${column.title}: ${what}, ${which}, over the photo, ${extremes(map)}`;
  }

  // How large a map is, and where it is highest; if it is signed, where it is lowest.
  function extremes(map) {
    let [most, least] = [0, 0];
    map.values.forEach((v, i) => {
      if (v > map.values[most]) most = i;
      if (v < map.values[least]) least = i;
    });
    const at = (i) => value(map, [Math.floor(i / map.cols), i % map.cols]);
    const lowest = map.signed ? ` Lowest at ${at(least)}.` : "";
    return `${map.rows} by ${map.cols} patches. Highest at ${at(most)}.${lowest}`;
  }

  return { number, percent, reading, short, title, remarks, alt, extremes };
})();
