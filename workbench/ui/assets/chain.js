/* Body of gr.HTML's js_on_load: a chain's form tells all of its steps whenever one changes; the page writes the text. */
let back = "";
const steps = () =>
  [...element.querySelectorAll(".wb-steps > li")].map((row) =>
    row.dataset.step === undefined
      ? { text: row.dataset.text }
      : {
          step: row.dataset.step,
          values: Object.fromEntries(
            [...row.querySelectorAll("[data-value]")].map((field) => [field.dataset.value, field.value]),
          ),
        },
  );
const told = (all, redraw, key) => {
  back = key;
  trigger("select", { steps: all, redraw });
};
const add = () => {
  const chosen = element.querySelector("[data-adding]").value;
  if (chosen) told([...steps(), { step: chosen, values: {} }], true, "adding");
};
element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button || !element.contains(button)) return;
  if (button.hasAttribute("data-add")) return add();
  const all = steps();
  const place = [...element.querySelectorAll(".wb-steps > li")].indexOf(button.closest("li"));
  if (place < 0) return;
  const [taken] = all.splice(place, 1);
  const up = button.hasAttribute("data-up");
  if (up) all.splice(place - 1, 0, taken);
  told(all, true, up ? `up${place - 1}` : `remove${Math.min(place, all.length - 1)}`);
});
element.addEventListener("change", (event) => {
  if (event.target.matches("[data-value]")) told(steps(), false, "");
});
/* Drawn anew: fields that were typed in say what the page says, and the keyboard is where it was. */
new MutationObserver(() => {
  element.querySelectorAll("[data-value]").forEach((field) => (field.value = field.defaultValue));
  const list = element.querySelector("[data-adding]");
  if (list) list.value = "";
  if (!back) return;
  const first = element.querySelector(`[data-key="${back}"]:not(:disabled)`) || list;
  back = "";
  if (first) first.focus();
}).observe(element, { childList: true, subtree: true, attributeFilter: ["data-drawn"] });
