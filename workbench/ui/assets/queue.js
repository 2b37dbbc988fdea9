/* Body of gr.HTML's js_on_load: `element` and `trigger` are given. The list of recordings: its markup is replaced while
   somebody clicks into it, so a press counts where it began and ended on the same thing, and the focus is put back. */
const keyOf = (target) => {
  const found = target && target.closest && target.closest("[data-pick]");
  return found && element.contains(found) ? found.dataset.pick : null;
};
const byKey = (key) => [...element.querySelectorAll("[data-pick]")].find((one) => one.dataset.pick === key);
let pressed = null, focused = null;

const act = (key) => {
  const what = JSON.parse(key);
  trigger("select", what);
  if (!("show" in what)) return;
  setTimeout(() => {
    const answer = [...document.querySelectorAll(".wb-main")].find((one) => one.offsetParent !== null);
    if (answer && answer.getBoundingClientRect().top > innerHeight * 0.8)
      answer.scrollIntoView({ behavior: "smooth", block: "start" });
  }, 250);
};
element.addEventListener("pointerdown", (event) => { pressed = event.button ? null : keyOf(event.target); });
element.addEventListener("pointerup", (event) => {
  const key = keyOf(event.target), same = key !== null && key === pressed;
  pressed = null;
  /* What was typed elsewhere is told when its field loses the focus: that goes first. */
  if (same) setTimeout(() => act(key), 0);
});
element.addEventListener("click", (event) => {
  const key = keyOf(event.target);
  if (key !== null && event.detail === 0) act(key); /* by key or by a screen reader */
});
element.addEventListener("focusin", (event) => { focused = keyOf(event.target); });
element.addEventListener("focusout", (event) => { if (event.relatedTarget) focused = null; });

new MutationObserver(() => {
  const lost = document.activeElement === document.body || document.activeElement === null;
  if (focused !== null && lost) {
    const again = byKey(focused);
    if (again) again.focus({ preventScroll: true });
    else focused = null;
  }
  const file = element.querySelector("[data-fetch]:not([data-fetched])");
  if (file) {
    file.dataset.fetched = "";
    file.click();
  }
}).observe(element, { childList: true, subtree: true });

/* A click on Transcribe while files are on their way to the server counts once they are listed; a second one goes
   through, should they never arrive. */
const arrived = () => Number(element.querySelector("[data-arrived]")?.dataset.arrived ?? 0);
const here = (target) => target && target.closest && element.closest(".tabitem, [role=tabpanel]")?.contains(target);
let before = null, held = null;
const awaitFiles = (event) => {
  if (here(event.target) && event.target.closest(".wb-drop, .wb-folder")) before = arrived();
};
document.addEventListener("change", awaitFiles, true);
document.addEventListener("drop", awaitFiles, true);
document.addEventListener("click", (event) => {
  const button = here(event.target) && event.target.closest(".wb-run");
  if (!button || before === null || held) return;
  held = button;
  event.stopImmediatePropagation();
  event.preventDefault();
}, true);
new MutationObserver(() => {
  if (before === null || arrived() <= before) return;
  const button = held;
  before = held = null;
  if (button) setTimeout(() => button.click(), 0);
}).observe(element, { childList: true, subtree: true });

/* Stop is seen at once; what was heard follows. */
document.addEventListener("click", (event) => {
  if (!event.target.closest || !event.target.closest(".wb-cancel")) return;
  document.querySelectorAll(".wb-progress").forEach((one) => one.classList.add("wb-stopping"));
}, true);

/* Leaving the page ends the work and forgets edits that were not downloaded: the browser asks before. */
let edited = false;
const note = () => { edited = true; };
document.addEventListener("wb-changed", note);
document.addEventListener("input", (event) => {
  if (event.isTrusted && event.target.closest && event.target.closest("[data-editor]")) note();
}, true);
document.addEventListener("click", (event) => {
  if (event.target.closest && event.target.closest('[data-act="download"], [data-fetch]')) edited = false;
}, true);
window.addEventListener("beforeunload", (event) => {
  const busy = element.querySelector("[data-working]") || document.querySelector("[data-recorder][data-keeps]");
  if (busy || edited) event.preventDefault();
});
