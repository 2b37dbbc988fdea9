/* The choice of another language, which is kept. */
document.addEventListener("click", (event) => {
  const chosen = event.target.closest && event.target.closest("[data-language-choice]");
  if (chosen)
    document.cookie = `workbench-language=${chosen.dataset.languageChoice}; path=/; max-age=31536000; samesite=lax`;
}, true);
