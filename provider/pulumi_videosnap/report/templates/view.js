// Light or dark, everything open or closed, and everything open on paper.

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const folds = [...document.querySelectorAll("main details")];
const openAll = byId("open-all");

function isDark() {
  return (root.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
}

function nameTheme() {
  byId("theme").textContent = isDark() ? "Light" : "Dark";
}

byId("theme").addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
});
dark.addEventListener("change", nameTheme);
nameTheme();

openAll.addEventListener("click", () => {
  const open = openAll.getAttribute("aria-pressed") !== "true";
  openAll.setAttribute("aria-pressed", String(open));
  for (const fold of folds) fold.open = open;
});
openAll.setAttribute("aria-pressed", String(folds.every((fold) => fold.open)));
openAll.hidden = folds.length === 0;

let closed = [];
addEventListener("beforeprint", () => {
  closed = folds.filter((fold) => !fold.open);
  for (const fold of closed) fold.open = true;
});
addEventListener("afterprint", () => {
  for (const fold of closed) fold.open = false;
});

// Whoever follows a link to a task wants to read it.
function openTarget() {
  const target = location.hash && byId(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
}

addEventListener("hashchange", openTarget);
openTarget();
byId("tools").hidden = false;
