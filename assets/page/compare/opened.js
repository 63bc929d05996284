// The open picture: what each model answers and where each looked, three maps of it side by side.

import * as compareMaps from "./maps.js";
import { numberOf, point, pointers, redraw, rivals, send, set, state, step } from "./state.js";
import * as drawing from "../shared/canvas.js";
import { colourBar } from "../shared/colour-bar.js";
import { make } from "../shared/make.js";
import { sharpened } from "../shared/sharpened.js";
import * as maps from "../shared/maps.js";
import { NO_ANSWER, button, five } from "../shared/parts.js";
import { FAMILIES, methods, titleOf } from "../shared/settings.js";
import * as wording from "../shared/wording.js";

export function openedPicture() {
  const OPACITY = 0.65;
  const node = make("section", "hl-opened", "", { "aria-label": "The open picture" });
  const top = make("div", "hl-opened-top");
  const photo = make("img", "hl-opened-photo", "", { alt: "" });
  const words = make("div", "hl-opened-words");
  const [truth, about] = [make("h3"), make("p", "hl-hint")];
  words.append(truth, about);
  const acts = make("div", "hl-acts hl-steps");
  const [before, which, after] = [button("‹", () => step(-1), "The picture before (left arrow)"), make("span", "hl-hint"), button("›", () => step(1), "The next picture (right arrow)")];
  before.setAttribute("aria-label", "The picture before");
  after.setAttribute("aria-label", "The next picture");
  acts.append(before, which, after, button("Open in Explain", send, "This picture with these models: every layer and head"));
  top.append(photo, words, acts);
  const choice = make("div", "hl-segments hl-map-methods", "", { role: "group", "aria-label": "Which map" });
  const chooser = compareMaps.METHODS.map(([key, title, meaning]) => {
    const act = make("button", "", title, { type: "button", title: meaning });
    act.addEventListener("click", () => set({ method: key }));
    choice.append(act);
    return [key, act];
  });
  const columns = make("div", "hl-three hl-side-by-side");
  const lesson = make("p", "hl-hint");
  const shares = "Percentages are shared out among this set’s classes, also in Explain when you open it from here. ";
  const [cannot, paper] = [make("span"), make("a", "", "", { target: "_blank", rel: "noreferrer noopener" })];
  lesson.append(cannot, " ", paper);
  node.append(top, choice, columns, lesson);
  const panels = FAMILIES.map((family) => panel(family));
  columns.append(...panels.map((each) => each.node));

  function panel(family) {
    const box = make("section", "hl-looked", "", { "data-family": family, "aria-label": `${titleOf(family)}: where it looked` });
    const says = make("p", "hl-says-what");
    const [who, what] = [make("span", "hl-who", titleOf(family)), make("span")];
    says.append(who, " ", what);
    const frame = make("div", "hl-frame");
    const canvas = make("canvas", "hl-canvas", "", { tabindex: "0", role: "application" });
    const chip = make("div", "hl-chip", "", { role: "status" });
    const notice = make("div", "hl-notice");
    const sentence = make("p");
    notice.append(sentence);
    frame.append(canvas, notice, chip);
    const bar = colourBar();
    const [caption, title, detail] = [make("p", "hl-caption"), make("strong"), make("span")];
    caption.append(title, detail);
    const reading = make("p", "hl-hint hl-reading");
    const top5 = five();
    box.append(says, frame, bar.node, caption, reading, top5.node);
    drawing.listen(canvas, { shown, hovered: () => state.hover, point });
    new ResizeObserver(() => redraw()).observe(frame);
    pointers.add(() => drawMap());

    // What the canvas shows: the open picture, with its map once that is there.
    function shown() {
      const { look } = state;
      if (!look) return null;
      const answer = state.maps[family]?.answer;
      const map = answer?.place === look.place ? compareMaps.current(answer, state.method) : null;
      return { picture: look.picture, view: map ? answer.view : [0, 0, 1, 1], map, answer };
    }

    function drawMap(now = shown()) {
      if (box.hidden || !canvas.clientWidth) return;
      const { context, width, height } = sharpened(canvas);
      if (!now) return;
      const { picture, map, view } = now;
      const place = drawing.frame(picture, width, height);
      drawing.paint(context, place, picture, map, view, OPACITY);
      const { hover } = state;
      const at = hover && map?.values && maps.patchAt(map, view, hover);
      if (at) drawing.outline(context, place, map, view, at, false);
      reading.title = map ? map.note ?? "" : "";
      reading.textContent = hover && map?.values ? wording.pointed(now, hover) : reading.title;
    }

    function draw() {
      box.hidden = !rivals().includes(family);
      if (box.hidden) return;
      const told = state.look?.models[family];
      const found = state.maps[family];
      const now = shown();
      const map = now?.map;
      what.textContent = told ? `${told.right ? "✓" : "✗"} ${told.answer ?? NO_ANSWER}` : "";
      what.title = told ? (told.answer ?? NO_ANSWER) : "";
      box.classList.toggle("hl-is-wrong", Boolean(told && !told.right));
      const missing = found?.error || map?.missing || "";
      notice.hidden = !missing;
      sentence.textContent = missing;
      chip.textContent = found?.busy && !map ? `Looking with ${wording.short(state.models[family], 30)}…` : "";
      chip.hidden = !chip.textContent;
      bar.draw(map);
      [title.textContent, detail.textContent] = map ? compareMaps.title(now.answer, state.method, map) : ["", ""];
      caption.title = map ? `${title.textContent}: ${detail.textContent}` : "";
      canvas.setAttribute("aria-label", alt(now, told));
      drawMap(now);
      top5.draw(told?.top ?? [], state.look?.truth);
    }

    function alt(now, told) {
      if (!now || !told) return `${titleOf(family)}: no map yet`;
      const picture = [state.look.truth, state.look.condition].filter(Boolean).join(", ");
      const start = `${titleOf(family)} ${told.answer === null ? "has no answer" : `answers ${told.answer}, ${told.right ? "right" : "wrong"}`}. The picture: ${picture}.`;
      return now.map?.values ? `${start} ${title.textContent}, ${detail.textContent}, over it, ${wording.extremes(now.map)}` : `${start} No map.`;
    }

    return { node: box, draw };
  }

  function draw() {
    const { look, lookError } = state;
    node.classList.toggle("hl-nothing", !look);
    const number = numberOf();
    photo.hidden = !look;
    if (look && photo.src !== look.src) photo.src = look.src;
    photo.alt = look ? [look.truth, look.condition].filter(Boolean).join(", ") : "";
    truth.textContent = look ? `Shows: ${look.truth}` : state.place === null ? "No picture open" : "Opening it…";
    about.textContent = lookError || (look ? [look.condition, look.name.split("/").pop()].filter(Boolean).join(" · ") : state.place === null ? "Choose a pattern with pictures." : "");
    about.classList.toggle("hl-trouble", Boolean(lookError));
    about.title = about.textContent;
    const total = state.pictures?.count ?? 0;
    which.textContent = number === null ? "" : `${(number + 1).toLocaleString("en")} of ${total.toLocaleString("en")}`;
    before.disabled = !number;
    after.disabled = number === null || number + 1 >= total;
    acts.lastChild.disabled = !look;
    for (const [key, act] of chooser) act.setAttribute("aria-pressed", String(state.method === key));
    const method = methods[state.method === "truth" ? "gradcam" : state.method];
    cannot.textContent = `${method.means} ${method.cannot} ${shares}`;
    [paper.textContent, paper.href] = method.paper;
    columns.style.setProperty("--models", String(Math.max(2, rivals().length)));
    panels.forEach((each) => each.draw());
  }

  return { node, draw };
}
