/* Body of gr.HTML's js_on_load: what was clicked, as its `data-pick` says, goes to the page's event. */
const choose = (target) => {
  const found = target.closest && target.closest("[data-pick]");
  if (!found || found.disabled || !element.contains(found)) return false;
  const row = found.closest("tr[data-clip]");
  if (row) {
    element.querySelectorAll("tr[aria-current]").forEach((one) => one.removeAttribute("aria-current"));
    row.setAttribute("aria-current", "true");
  }
  trigger("select", JSON.parse(found.dataset.pick));
  return true;
};
element.addEventListener("click", (event) => {
  if (event.target.closest("a, audio, summary, [data-seek]")) return;
  if (String(getSelection()) && event.target.closest("tr[data-pick]")) return;
  choose(event.target);
});
element.addEventListener("keydown", (event) => {
  const row = event.target.matches && event.target.matches("tr[data-pick]") && event.target;
  if (!row) return;
  const beside = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling }[event.key];
  if (beside) beside.focus();
  else if (event.key === "Enter" || event.key === " ") choose(row);
  else return;
  event.preventDefault();
});
