// @ts-check
// What is to be said of the page's address, or of the tab that was opened: over the page, until it is closed.

import { make } from "./make.js";

const box = make("div", "hl hl-link-says", "", { role: "status" });
const lines = make("div");
const close = make("button", "hl-icon", "×", { type: "button", "aria-label": "Close" });
close.addEventListener("click", hush);
box.append(lines, close);
box.hidden = true;

/**
 * Said in addition to what stands there; returns what takes it back.
 * @param {string} sentence
 * @param {[text: string, act: () => void]} [offered] a button beside it
 */
export function say(sentence, offered) {
  if (!box.isConnected) (document.querySelector(".gradio-container") ?? document.body).append(box);
  box.hidden = false;
  const line = make("p", "", sentence);
  lines.append(line);
  const takeBack = () => {
    line.remove();
    box.hidden = !lines.childElementCount;
  };
  if (offered) {
    const [text, act] = offered;
    const button = make("button", "hl-button", text, { type: "button" });
    button.addEventListener("click", () => {
      takeBack();
      act();
    });
    line.append(" ", button);
  }
  return takeBack;
}

/** A text to copy by hand. @param {string} text */
export function offer(text) {
  const field = make("input", "hl-field", "", { type: "text", readonly: "", "aria-label": "Link to this view" });
  field.value = text;
  lines.append(field);
  field.focus();
  field.select();
}

export function hush() {
  lines.replaceChildren();
  box.hidden = true;
}
