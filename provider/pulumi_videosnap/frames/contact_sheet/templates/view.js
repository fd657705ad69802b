// Grid or filmstrip, light or dark, and the keys that lead there.

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

function toggleFilm() {
  const film = root.dataset.view !== "film";
  root.dataset.view = film ? "film" : "grid";
  byId("filmstrip").setAttribute("aria-pressed", String(film));
  document.activeElement?.closest(".frame")?.scrollIntoView({ block: "nearest", inline: "center" });
}

function isDark() {
  return (root.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
}

function nameTheme() {
  byId("theme").textContent = isDark() ? "Light" : "Dark";
}

function toggleTheme() {
  root.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
}

// Who dictates to the machine can switch single letters off.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || !byId("letters").checked) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "f") toggleFilm();
  if (event.key === "?") byId("keys").showModal();
});

byId("filmstrip").addEventListener("click", toggleFilm);
byId("theme").addEventListener("click", toggleTheme);
byId("show-keys").addEventListener("click", () => byId("keys").showModal());
byId("keys-close").addEventListener("click", () => byId("keys").close());
dark.addEventListener("change", nameTheme);
nameTheme();
byId("tools").hidden = false;
