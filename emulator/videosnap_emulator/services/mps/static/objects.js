// The objects that jobs and runs wrote, as thumbnails.

import { arrange, show } from "/page/dom.js";
import { fillThumb, newThumb } from "/page/thumbs.js";

const THUMBS_SHOWN = 8;

/** Sheets first: one of them says more than a single frame. A job has `objects`, `endTime` and `input`. */
export function showThumbs(list, thumbs, job) {
  const objects = ["sheet", "picture"].flatMap((kind) => job.objects.filter((one) => one.kind === kind));
  const shown = objects.slice(0, THUMBS_SHOWN);
  for (const url of thumbs.keys()) if (!shown.some((one) => one.url === url)) thumbs.delete(url);
  arrange(list, shown.map((one) => thumbOf(thumbs, one, job).root));
  show(list, shown.length > 0);
}

function thumbOf(thumbs, object, job) {
  if (!thumbs.has(object.url)) {
    const thumb = newThumb(object.key);
    fillThumb(thumb, thumbContent(object, job));
    thumbs.set(object.url, thumb);
  }
  return thumbs.get(object.url);
}

/** An object as a thumbnail and the dialog show it. */
function thumbContent(object, { endTime, input }) {
  const moment = object.sourceMs === null ? "sheet" : `${object.sourceMs / 1000} s`;
  return {
    ...object,
    time: endTime,
    caption: moment,
    label: `${object.key}, ${moment}`,
    title: `Frame ${object.key}`,
    alt: object.sourceMs === null ? `Sheet of frames of ${input.key}` : `${input.key} at ${moment}`,
  };
}
