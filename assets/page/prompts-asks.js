// The rail of the Prompts tab: which pictures, which CLIP, which classes.

headlight.widgets.prompts_asks = (element, { sets, models, draws, presets }) => {
  const { make } = headlight;
  const { state, drawers, prepare, stop, edit } = headlight.prompts;
  const { button, count } = headlight.promptParts;
  const HUB = "hub";
  headlight.prompts.presets = presets;

  element.append(pictures(), checkpoint(), progress(), classes());

  // A list, or in its place a field for a Hub id.
  function choice(label, groups, placeholder, chosen, choose) {
    const box = make("div", "hl-choice");
    const list = make("select", "hl-select", "", { "aria-label": label });
    for (const [title, entries] of groups) {
      if (!entries.length) continue;
      const group = make("optgroup", "", "", { label: title });
      for (const { name, title: words, note } of entries) group.append(make("option", "", words, { value: name, title: note ?? name }));
      list.append(group);
    }
    list.append(make("option", "", "Another from the Hub…", { value: HUB }));
    const typed = make("div", "hl-typed");
    const field = make("input", "hl-field", "", {
      type: "text", placeholder, "aria-label": `Hub id: ${label}`, spellcheck: "false", autocapitalize: "off", autocomplete: "off", maxlength: "200",
    });
    const back = make("button", "hl-icon", "×", { type: "button", "aria-label": "Back to the list" });
    typed.append(field, back);
    typed.hidden = true;
    const words = make("span", "hl-choice-label", label);
    box.append(words, list, typed);
    list.addEventListener("change", () => {
      if (list.value !== HUB) return choose(list.value);
      [list.hidden, typed.hidden] = [true, false];
      field.focus();
    });
    field.addEventListener("change", () => field.value.trim() && choose(field.value.trim()));
    back.addEventListener("click", () => {
      [list.hidden, typed.hidden] = [false, true];
      list.focus();
      choose([...list.options].some(({ value }) => value === chosen()) ? chosen() : list.options[0].value);
    });
    drawers.add(() => {
      if (!list.hidden && [...list.options].some(({ value }) => value === chosen())) list.value = chosen();
    });
    return { box, list };
  }

  function pictures() {
    const groups = [["On this computer", sets.filter(({ here }) => here)], ["Well known, downloaded once", sets.filter(({ here }) => !here)]];
    const { box, list } = choice("Pictures", groups, "owner/name on the Hub", () => state.set, (set) => prepare({ set, file: "" }));
    const own = make("option", "", "", { value: "" });
    const more = make("div", "hl-choice-more");
    const upload = button("Upload a set…", () => document.querySelector("#prompts-file input")?.click(), "A zip with <class>/picture or a table of files and labels; or a parquet file with an image and a label column");
    const draw = make("select", "hl-select", "", { "aria-label": "How many pictures at most" });
    for (const most of draws) draw.append(make("option", "", `≤ ${most.toLocaleString("en")}`, { value: String(most) }));
    draw.addEventListener("change", () => prepare({ limit: Number(draw.value) }));
    more.append(upload, draw);
    const about = make("p", "hl-hint hl-about");
    box.append(more, about);
    drawers.add(() => {
      if (state.file) {
        own.textContent = headlight.wording.short(state.file, 40);
        if (!own.isConnected) list.prepend(own);
        list.value = "";
      } else own.remove();
      draw.value = String(state.limit);
      const { ready } = state;
      const note = sets.find(({ name }) => name === state.set && !state.file)?.note ?? "";
      if (!ready) return (about.textContent = note);
      const drawn = ready.total > ready.pictures ? `${ready.pictures.toLocaleString("en")} of ${count(ready.total, "picture")}` : count(ready.pictures, "picture");
      const kinds = ready.conditions.length ? `, ${count(ready.conditions.length, "condition")}` : "";
      const left = Object.entries(ready.skipped).map(([why, n]) => `${why}: ${n.toLocaleString("en")}`).join("; ");
      about.textContent = `${drawn}, ${ready.classes.length} classes${kinds}.${left ? ` Left out: ${left}.` : ""}`;
    });
    return box;
  }

  function checkpoint() {
    const groups = [["On this computer", models.filter(({ here }) => here)], ["Well known, downloaded once", models.filter(({ here }) => !here)]];
    const named = groups.map(([title, entries]) => [title, entries.map((entry) => ({ ...entry, title: entry.here ? `${entry.name} · ${entry.title}` : entry.title }))]);
    return choice("CLIP", named, "owner/name on the Hub", () => state.model, (model) => prepare({ model })).box;
  }

  // How far the pictures are; its place is kept when there is nothing to tell.
  function progress() {
    const box = make("div", "hl-progress", "", { role: "status" });
    const words = make("p");
    const bar = make("progress", "", "", { max: "1", "aria-label": "Preparing the pictures" });
    const act = button("Cancel", () => (state.preparing ? stop() : prepare()));
    const row = make("div", "hl-progress-row");
    row.append(bar, act);
    box.append(words, row);
    drawers.add(() => {
      const { preparing, trouble } = state;
      box.classList.toggle("hl-alert", Boolean(trouble) && !trouble.startsWith("Stopped"));
      words.textContent = preparing ? `${preparing.doing}${preparing.done > 0 ? `: ${Math.round(100 * preparing.done)} %` : "…"}` : trouble;
      bar.hidden = !preparing;
      bar.value = preparing?.done ?? 0;
      row.hidden = !preparing && !trouble;
      act.textContent = preparing ? "Cancel" : "Try again";
    });
    return box;
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
