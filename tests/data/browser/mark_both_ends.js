() => document.querySelectorAll(".frame").forEach((frame, number) => {
  frame.style.position = "relative";
  for (const end of ["top", "bottom"]) {
    const link = document.createElement("a");
    link.href = `https://cell.invalid/${number}`;
    link.textContent = ".";
    link.style.position = "absolute";
    link.style[end] = "0";
    frame.append(link);
  }
})
