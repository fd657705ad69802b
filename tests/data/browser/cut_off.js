() => [...document.querySelectorAll("body *")]
  .filter((node) => node.checkVisibility() && !node.closest(".frames, .unseen, .skip, svg"))
  .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
  .map((node) => node.outerHTML.slice(0, 80))
