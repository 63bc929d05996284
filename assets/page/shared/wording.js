// Numbers, values and names in words.

import * as maps from "./maps.js";

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

// The value of a map at the place pointed at; "" where nothing is.
function pointed({ map, view }, hover) {
  if (!hover) return "";
  const at = maps.patchAt(map, view, hover);
  return at ? value(map, at) : "outside what this model sees";
}

function short(label, most = 40) {
  return label.length > most ? `${label.slice(0, most - 1)}…` : label;
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

export { number, percent, pointed, short, extremes };
