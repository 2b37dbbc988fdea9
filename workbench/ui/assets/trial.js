/* Labelling: keys in the field where a clip is written down. */
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
  if (!event.target.closest || !event.target.closest(".wb-trial-text")) return;
  const wanted = event.ctrlKey || event.metaKey ? ".wb-trial-save" : event.altKey ? "#trial-player [data-toggle]" : "";
  const button = wanted && [...document.querySelectorAll(wanted)].find((one) => one.offsetParent !== null);
  if (!button) return;
  event.preventDefault();
  /* What was typed last is told to the page a moment later. */
  setTimeout(() => button.click(), wanted === ".wb-trial-save" ? 60 : 0);
});
