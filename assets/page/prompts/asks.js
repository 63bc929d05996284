// The rail of the Prompts tab: which pictures, which CLIP, which classes.

headlight.widgets.prompts_asks = (element, { sets, models, draws, presets }) => {
  const { make } = headlight;
  const { state, drawers, prepare, edit } = headlight.prompts;
  const { button } = headlight.promptParts;
  headlight.prompts.presets = presets;

  const { pictures, progress, choice } = headlight.setPicker(headlight.prompts, { sets, draws, upload: "#prompts-file" });
  element.append(pictures(), progress(), checkpoint(), classes());

  function checkpoint() {
    const groups = [["On this computer", models.filter(({ here }) => here)], ["Well known, downloaded once", models.filter(({ here }) => !here)]];
    const named = groups.map(([title, entries]) => [title, entries.map((entry) => ({ ...entry, title: entry.here ? `${entry.name} · ${entry.title}` : entry.title }))]);
    return choice("CLIP", named, "owner/name on the Hub", () => state.model, (model) => prepare({ model })).box;
  }

  function classes() {
    const box = make("details", "hl-choice hl-more hl-class-names");
    box.open = !window.matchMedia("(max-width: 720px)").matches;
    const top = make("div", "hl-choice-top");
    const label = make("label", "hl-choice-label", "Classes, one a line; synonyms after |", { for: "hl-prompts-classes" });
    const own = button("Reset", () => headlight.prompts.restore({ classes: state.ready.classes.join("\n") }), "The set's own class names");
    top.append(label, own);
    const field = headlight.promptField("classes", { id: "hl-prompts-classes", rows: "10", "aria-label": "Class names, one a line" });
    box.append(make("summary", "", "Classes"), top, field.node);
    field.box.addEventListener("input", () => edit({ classes: field.box.value }));
    drawers.add(() => {
      field.draw(state.classes);
      own.disabled = !state.ready || state.classes === state.ready.classes.join("\n");
    });
    return box;
  }
};

// A box of lines with what is wrong with them, or worth knowing, beneath; the wrong line is named.
headlight.promptField = (name, attributes) => {
  const { make } = headlight;
  const { state } = headlight.prompts;
  const node = make("div", "hl-lines");
  const says = make("div", "hl-says", "", { id: `${attributes.id}-says`, "aria-live": "polite" });
  const box = make("textarea", "hl-field", "", { spellcheck: "false", autocapitalize: "off", autocomplete: "off", "aria-describedby": says.id, ...attributes });
  node.append(box, says);

  function draw(text) {
    if (box.value !== text) box.value = text;
    const wrong = state.wrong?.field === name ? state.wrong : null;
    box.classList.toggle("hl-wrong", Boolean(wrong));
    box.setAttribute("aria-invalid", String(Boolean(wrong)));
    const notes = wrong ? [wrong] : ((state.ready && state.answer?.notes) || []).filter(({ field }) => field === name);
    const key = JSON.stringify(notes);
    if (says.dataset.key === key) return;
    says.dataset.key = key;
    says.replaceChildren(...notes.map(({ text: words }) => make("p", wrong ? "hl-trouble" : "", words)));
  }

  return { node, box, draw };
};
