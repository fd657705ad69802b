() => [...document.querySelectorAll(".extension")]
  .filter((node) => node.getClientRects().length > 1)
  .map((node) => node.parentElement.textContent)