// What the lists of workflows, runs and jobs share: a section with a heading and a count, and a card for each row.

import { arrange, byId, setText, show } from "/page/dom.js";

/** A section that is hidden while there is nothing in it. */
export const sectionOf = (name, heading) => `
<section id="${name}s-section" aria-labelledby="${name}s" hidden>
  <div class="heading">
    <h2 id="${name}s" tabindex="-1">${heading}</h2>
    <p id="${name}-count" class="quiet"></p>
  </div>
  <ul id="${name}-list" class="cards"></ul>
</section>`;

/** A card: state, id and place, then lines of its own, and thumbnails if it has a label for them. */
export const cardOf = (name, lines, thumbs = "") => `
<template id="${name}-card">
  <li class="card">
    <div class="about">
      <div class="state"><p><span aria-hidden="true" data-slot="symbol"></span> <span data-slot="words"></span></p></div>
      <h3 data-slot="id"></h3>
      <p class="place" data-slot="place"></p>
      ${lines}
    </div>
    ${thumbs && `<ul class="thumbs" data-slot="thumbs" aria-label="${thumbs}"></ul>`}
  </li>
</template>`;

const SYMBOLS = {
  Active: "●", Inactive: "○", Running: "●", Completed: "■",
  Submitted: "○", Snapshoting: "●", Success: "■", Fail: "▲",
};
/** The card's colour is that of a task or job in such a state. */
const COLOURS = { Active: "running", Inactive: "not started", Running: "running" };

/** Where frames go, with the key as people write it: requests have it URL-encoded. */
export function placeOf({ Bucket: bucket, Object: key }) {
  try {
    return `${bucket}/${decodeURIComponent(key)}`;
  } catch {
    return `${bucket}/${key}`;
  }
}

/** Bring the cards of a list in line with its rows; `total` is how many there are beside those shown. */
export function fillList(name, cards, rows, keyOf, make, fill, total = rows.length) {
  for (const row of rows) {
    if (!cards.has(keyOf(row))) cards.set(keyOf(row), make());
    const card = cards.get(keyOf(row));
    card.row = row;
    fill(card);
  }
  const keep = new Set(rows.map(keyOf));
  for (const key of cards.keys()) if (!keep.has(key)) cards.delete(key);
  arrange(byId(`${name}-list`), rows.map((row) => cards.get(keyOf(row)).root));
  setText(byId(`${name}-count`), total > rows.length ? `${total}, the latest ${rows.length} of them here` : `${total}`);
  show(byId(`${name}s-section`), total > 0);
}

export function fillHead({ root, slots }, state, id, place, words = state) {
  root.dataset.state = COLOURS[state] ?? state;
  setText(slots.symbol, SYMBOLS[state] ?? "?");
  setText(slots.words, words);
  setText(slots.id, id);
  setText(slots.place, place);
  slots.place.title = place;
}
