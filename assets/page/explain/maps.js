// Which map a column shows for the method, layer and head chosen.

import * as maps from "../shared/maps.js";
import { methods } from "../shared/settings.js";
import { state } from "./state.js";

export function layerOf(column) {
  return Math.round(state.depth * (column.answer.layers - 1));
}

export function headsOf(column, layer) {
  return column.answer.attention[layer].shape[0] - 1;
}

function attention(column, layer, head) {
  const { answer, point } = column;
  if (state.point && point?.error) return { missing: point.error };
  if (state.point && !point?.layers) return { waiting: true };
  const group = state.point ? point.layers : answer.attention;
  const heads = headsOf(column, layer);
  const shown = head <= heads ? head : 0;
  return { ...maps.share(group, group[layer], shown, state.ownScale), layer, heads, head: shown, wanted: head };
}

function slow(column, method) {
  const found = column.slow?.method === method ? column.slow : null;
  return found?.state === "done" ? maps.drawn(found, methods[method], 0, state.ownScale) : { slow: found || { state: "stopped" } };
}

/**
 * The map of a column, or {missing: why there is none}, {waiting}, {slow: how far it is}; null without an answer.
 * @returns {maps.MapOrReason | null}
 */
export function current(column, layer = null, head = state.head, method = state.method) {
  if (!column.answer) return null;
  const at = layer ?? layerOf(column);
  if (method === "attention") return attention(column, at, head);
  const found = column.answer.maps[method];
  return found ? maps.drawn(found, methods[method], at, state.ownScale) : slow(column, method);
}
