/* Error by error through an aligned clip: the next one is marked, and played where its time is known. */
(() => {
  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-step-error]");
    if (!button) return;
    const clip = button.closest(".wb-detail");
    const errors = [...clip.querySelectorAll(".wb-cell[data-error]")];
    const step = Number(button.dataset.stepError), before = errors.findIndex((one) => "here" in one.dataset);
    const at = before < 0 ? (step > 0 ? 0 : errors.length - 1) : (before + step + errors.length) % errors.length;
    const next = errors[at];
    if (!next) return;
    if (before >= 0) delete errors[before].dataset.here;
    next.dataset.here = "";
    const said = clip.querySelector("[data-error-number]");
    if (said)
      said.textContent = said.dataset.errorNumber.replace("{at}", at + 1).replace("{count}", errors.length);
    next.scrollIntoView({ block: "nearest", behavior: "smooth" });
    if (next.dataset.seek) next.click();
  });

  /* What was chosen in a table above or below comes into sight once it is there. */
  const seen = (block) => {
    const box = block.getBoundingClientRect(), needed = Math.min(box.height, 430);
    if (box.top < 0) scrollBy({ top: box.top - 12, behavior: "smooth" });
    else if (box.top + needed > innerHeight)
      scrollBy({ top: Math.min(box.top - 12, box.top + needed - innerHeight + 12), behavior: "smooth" });
  };
  const bring = (selector) => {
    const shown = () => [...document.querySelectorAll(selector)].find((one) => one.offsetParent !== null);
    const answer = () => shown() && shown().querySelector(".wb-detail, .wb-matches, .wb-notice");
    const before = answer();
    let settled = 0;
    const watch = new MutationObserver(() => {
      clearTimeout(settled);
      settled = setTimeout(() => {
        if (!answer() || answer() === before) return;
        watch.disconnect();
        seen(shown());
      }, 120);
    });
    [...document.querySelectorAll(selector)].forEach((one) => watch.observe(one.parentElement, { childList: true, subtree: true }));
    setTimeout(() => watch.disconnect(), 4000);
  };
  document.addEventListener("click", (event) => {
    const found = event.target.closest && event.target.closest("[data-pick]");
    if (!found || found.disabled || String(getSelection())) return;
    const what = JSON.parse(found.dataset.pick);
    if ("clip" in what) bring(".wb-detail-block");
    else if ("said" in what || "kind" in what || "tag" in what) bring(".wb-lines-block");
  }, true);
})();
