// How old the report is, at the moment when it is looked at; the date itself stays.

const byId = (id) => document.getElementById(id);
const made = document.querySelector("time[data-age]");
const steps = [[90, 1, "s"], [90 * 60, 60, "min"], [36 * 3600, 3600, "h"], [Infinity, 86400, "d"]];

function ageOf(moment) {
  const seconds = (Date.now() - moment) / 1000;
  if (seconds < 0) return "";
  const [, unit, name] = steps.find(([below]) => seconds < below);
  return `${Math.round(seconds / unit).toLocaleString("en")} ${name} ago`;
}

function tellAge() {
  const age = ageOf(Date.parse(made.dateTime));
  byId("age").hidden = age === "";
  byId("age-text").textContent = age;
}

if (made) {
  tellAge();
  setInterval(tellAge, 30_000);
}
