() => {
  const at = document.activeElement;
  const frame = at.closest(".frame");
  return frame ? [...document.querySelectorAll(".frame")].indexOf(frame) : at.id || at.textContent.trim();
}