/* The transcript is edited in its rows, by delegation on the document: markup may be replaced at any time. What is done
   goes out as `wb-ask`; desk.js takes it to the server. data-row: a segment; data-answer: the list, by the key of its
   answer; data-act: a button of ours; data-text: what is edited, where corrections have it shown otherwise. */
(() => {
  "use strict";
  const closest = (event, selector) => event.target.closest && event.target.closest(selector);
  const editor = () => [...document.querySelectorAll("[data-editor]")].find((one) => one.offsetParent !== null);
  const ask = (act, more = {}, then = undefined) => {
    const key = more.key || (editor() && editor().dataset.editor);
    if (key) document.dispatchEvent(new CustomEvent("wb-ask", { detail: { request: { ...more, act, key }, then } }));
  };
  const tidy = (text) => text.replace(/\s+/g, " ").trim();

  /* One set of tools, in the row that is looked at. */
  let active = null, writing = null;
  const toolsFor = (row) => {
    const card = row.closest("[data-editor]"), kept = card && card.querySelector("[data-tools]");
    const there = row.querySelector(".wb-row-tools");
    if (!kept || (there && there.dataset.of === kept.dataset.tools)) return;
    const old = card.querySelector("[data-answer] .wb-row-tools");
    const tools = old && old.dataset.of === kept.dataset.tools ? old : kept.querySelector(".wb-row-tools").cloneNode(true);
    if (old && old !== tools) old.remove();
    tools.dataset.of = kept.dataset.tools;
    row.append(tools);
    const who = tools.querySelector("[data-assign]");
    if (who) who.value = row.dataset.speaker || "";
  };
  const activate = (row, focus) => {
    if (active && active !== row && active.isConnected) active.tabIndex = -1;
    active = row;
    row.tabIndex = 0;
    toolsFor(row);
    if (focus) row.focus({ preventScroll: true });
    if (focus) row.scrollIntoView({ block: "nearest" });
  };
  const current = () => {
    const card = editor(), list = card && card.querySelector("[data-answer]");
    if (!list) return null;
    const focused = document.activeElement && document.activeElement.closest("[data-row]");
    if (focused && list.contains(focused)) return focused;
    return list.querySelector("[data-row][aria-current]") || (active && list.contains(active) ? active : null);
  };

  /* Where in a text the caret is. */
  const offsetIn = (line) => {
    const selection = getSelection();
    if (!selection.rangeCount || !line.contains(selection.focusNode)) return null;
    const range = document.createRange();
    range.setStart(line, 0);
    range.setEnd(selection.focusNode, selection.focusOffset);
    return range.toString().length;
  };
  const putCaret = (line, offset) => {
    const node = line.firstChild, range = document.createRange();
    if (node) range.setStart(node, Math.min(offset, node.length));
    else range.setStart(line, 0);
    range.collapse(true);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  };

  /* Writing. */
  const textOf = (row) => {
    const line = row.querySelector(".wb-line");
    if (row.dataset.text !== undefined) return row.dataset.text;
    return line.querySelector(".wb-left-out") ? "" : line.textContent;
  };
  const write = (row, offset = null) => {
    const list = row.closest("[data-answer]"), line = row.querySelector(".wb-line");
    if (!list || (writing && writing.row === row)) return;
    if (writing) leave(true);
    activate(row, false);
    const text = textOf(row), tools = row.querySelector(".wb-row-tools");
    const place = offset === null ? offsetIn(line) : offset;
    writing = { row, line, text, key: list.dataset.answer, number: Number(row.dataset.row), nodes: [...line.childNodes] };
    line.textContent = text;
    try { line.contentEditable = "plaintext-only"; } catch { line.contentEditable = "true"; }
    line.setAttribute("role", "textbox");
    line.setAttribute("aria-label", tools ? tools.dataset.editKeys : "");
    row.classList.add("wb-writing");
    if (!row.hasAttribute("data-looped")) document.querySelectorAll("audio").forEach((audio) => audio.pause());
    line.focus({ preventScroll: true });
    putCaret(line, place === null ? text.length : place);
    row.scrollIntoView({ block: "nearest" });
  };
  /* Leave the row, with what was written or without; true where something was sent. */
  const leave = (keep, act = "set", more = {}) => {
    if (!writing) return false;
    const { row, line, text, key, number, nodes } = writing;
    const now = tidy(line.textContent), changed = keep && (now !== tidy(text) || act !== "set");
    writing = null;
    line.removeAttribute("contenteditable");
    line.removeAttribute("role");
    line.removeAttribute("aria-label");
    row.classList.remove("wb-writing");
    if (changed) {
      line.textContent = now;
      delete row.dataset.text;
      row.classList.add("wb-saving");
      ask(act, { key, segment: number, text: now, ...more });
    } else if (row.waiting && row.isConnected) {
      const template = document.createElement("template"), list = row.parentElement;
      template.innerHTML = row.waiting;
      row.replaceWith(template.content.firstElementChild);
      list.dispatchEvent(new CustomEvent("wb-changed", { bubbles: true }));
    } else line.replaceChildren(...nodes);
    return changed;
  };
  const neighbour = (row, step) => {
    const next = step > 0 ? row.nextElementSibling : row.previousElementSibling;
    return next && next.matches("[data-row]") ? next : null;
  };
  const writtenKey = (event) => {
    if (event.isComposing || event.keyCode === 229) return; /* Enter chooses a character */
    const { row, line } = writing;
    if (event.key === "Escape") leave(false);
    else if (event.key === "Enter" && event.shiftKey) {
      const at = tidy(line.textContent.slice(0, offsetIn(line) || 0)).length;
      if (at > 0 && at < tidy(line.textContent).length) leave(true, "split", { at });
    } else if (event.key === "Enter") {
      const next = (event.ctrlKey || event.metaKey) && neighbour(row, 1);
      leave(true);
      if (next) write(next);
    } else return;
    event.preventDefault();
    event.stopPropagation();
    if (!writing && row.isConnected) activate(row, true);
  };
  document.addEventListener("focusout", (event) => {
    if (writing && event.target === writing.line) leave(true);
  });
  document.addEventListener("paste", (event) => {
    if (!writing || !writing.line.contains(event.target)) return;
    event.preventDefault(); /* as one line of plain text */
    document.execCommand("insertText", false, (event.clipboardData.getData("text/plain") || "").replace(/\s+/g, " "));
  });
  document.addEventListener("dblclick", (event) => {
    const line = closest(event, "[data-answer] .wb-line");
    if (line) write(line.closest("[data-row]"));
  });

  /* Rows. */
  document.addEventListener("pointerover", (event) => {
    const row = event.pointerType === "mouse" && closest(event, "[data-answer] > [data-row]");
    if (row && !writing && !document.activeElement.matches("[data-assign]")) toolsFor(row);
  });
  document.addEventListener("focusin", (event) => {
    const row = closest(event, "[data-answer] > [data-row]");
    if (row && !writing) activate(row, false);
  });
  const moved = (event, row) => {
    if (event.key === "Enter" && event.target === row) write(row);
    else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && event.target.closest("[data-row]") === row) {
      const next = neighbour(row, event.key === "ArrowDown" ? 1 : -1);
      if (next) activate(next, true);
    } else return false;
    return true;
  };
  const FIELDS = "input:not([type=checkbox]), textarea, select, [contenteditable]";
  const pressed = (event) => {
    const field = closest(event, FIELDS), card = editor();
    if (field || !card) return false;
    const command = event.ctrlKey || event.metaKey, key = event.key.toLowerCase();
    if (command && !event.altKey && (key === "z" || key === "y")) {
      const act = key === "y" || event.shiftKey ? "redo" : "undo";
      if (card.querySelector(`[data-act="${act}"]:enabled`)) ask(act);
      return true;
    }
    if (command || event.altKey) return false;
    const row = current();
    if (key === "e" && row) write(row);
    else if (key === "l" && row) row.dispatchEvent(new CustomEvent("wb-loop", { bubbles: true }));
    else if (event.key === "Escape" && panel() && panel().hasAttribute("data-open")) close();
    else return row !== null && closest(event, "[data-row]") === row && moved(event, row);
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (writing && writing.line.contains(event.target)) return writtenKey(event);
    if (event.key === "Enter" && closest(event, "[data-name]")) return event.target.blur();
    if (!event.defaultPrevented && pressed(event)) event.preventDefault();
  });

  /* A part is heard again in the panel at the lower edge. */
  const panel = () => document.querySelector(".wb-again");
  let opener = null;
  const close = () => {
    if (!panel()) return;
    panel().removeAttribute("data-open");
    if (opener && opener.isConnected) opener.focus({ preventScroll: true });
  };
  const hearAgain = (button) => {
    const row = button.closest("[data-row]"), key = editor().dataset.editor;
    const part = { start: Number(button.dataset.start), end: Number(button.dataset.end) };
    opener = row || button;
    document.dispatchEvent(new CustomEvent("wb-again", {
      detail: { key, ...(row ? { segment: Number(row.dataset.row) } : part) },
    }));
    panel().setAttribute("data-open", "");
    setTimeout(() => { const first = panel().querySelector("button.primary"); if (first) first.focus(); }, 50);
  };

  /* What buttons do. */
  const copyText = async (text) => {
    try { await navigator.clipboard.writeText(text); } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  const copy = (button) => {
    ask("copy", { times: layout.view === "reading" && layout.times }, async (reply) => {
      await copyText(reply.text);
      const before = button.textContent;
      if (before === button.dataset.copied) return;
      button.textContent = button.dataset.copied;
      setTimeout(() => { button.textContent = before; }, 1500);
    });
  };
  const download = (button) => {
    const bar = button.closest(".wb-files"), note = bar.querySelector("[data-file-note]");
    button.disabled = true;
    note.textContent = bar.dataset.preparing;
    ask("download", { format: button.dataset.format }, (reply) => {
      button.disabled = false;
      note.textContent = reply.note || "";
      if (!reply.url) return;
      const link = document.createElement("a");
      link.href = reply.url;
      link.download = reply.name;
      link.click();
    });
  };
  const choose = () => {
    const fold = [...document.querySelectorAll(".wb-fold")].find((one) => one.offsetParent !== null);
    const rules = [...fold.querySelectorAll("[data-rule]:checked")].map((one) => one.dataset.rule);
    ask("correct", { rules, replacements: fold.querySelector("[data-replacements]").value });
  };
  const ACTS = {
    undo: () => ask("undo"),
    redo: () => ask("redo"),
    copy,
    download,
    close,
    edit: (button) => write(button.closest("[data-row]"), textOf(button.closest("[data-row]")).length),
    loop: (button) => button.dispatchEvent(new CustomEvent("wb-loop", { bubbles: true })),
    again: hearAgain,
    merge: (button) => ask("merge", { segment: Number(button.closest("[data-row]").dataset.row) }),
    check: (button) => {
      const checked = button.getAttribute("aria-pressed") !== "true";
      ask("check", { flag: Number(button.dataset.flagNumber), checked });
    },
    refuse: ({ dataset }) => ask("refuse", {
      segment: Number(dataset.segment), start: Number(dataset.start), rule: dataset.changeRule,
      refused: dataset.refused === "1",
    }),
    take: () => { ask("take"); close(); },
  };
  document.addEventListener("click", (event) => {
    const button = closest(event, "[data-act]"), heard = closest(event, "[data-heard]"), view = closest(event, "[data-view]");
    const row = closest(event, "[data-answer] > [data-row]");
    if (button && !button.disabled) ACTS[button.dataset.act](button);
    else if (heard) {
      const open = heard.getAttribute("aria-expanded") !== "true";
      heard.setAttribute("aria-expanded", String(open));
    } else if (view) setLayout({ view: view.dataset.view });
    else if (row && !writing) activate(row, false);
  });
  document.addEventListener("change", (event) => {
    const { target } = event;
    if (target.matches("[data-name]")) ask("name", { label: target.dataset.name, name: target.value });
    else if (target.matches("[data-assign]"))
      ask("assign", { segment: Number(target.closest("[data-row]").dataset.row), label: target.value });
    else if (target.matches("[data-times]")) setLayout({ times: target.checked });
    else if (target.matches("[data-rule], [data-replacements]")) {
      if (target.checked) (target.dataset.excludes || "").split(" ").filter(Boolean).forEach((name) => {
        document.querySelectorAll(`[data-rule="${name}"]`).forEach((one) => { one.checked = false; });
      });
      choose();
    }
  });

  /* How it is laid out; the same for every transcript. */
  const layout = { view: "rows", times: true };
  const sync = (card) => {
    card.classList.toggle("wb-reading", layout.view === "reading");
    card.classList.toggle("wb-no-times", !layout.times);
    card.querySelectorAll("[data-view]").forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.view === layout.view)));
    card.querySelectorAll("[data-times]").forEach((one) => { one.checked = layout.times; });
  };
  const setLayout = (change) => {
    Object.assign(layout, change);
    if (editor()) sync(editor());
  };
  document.addEventListener("wb-editor", (event) => {
    if (panel()) panel().removeAttribute("data-open");
    if (!event.detail) return;
    sync(event.detail);
    const first = event.detail.querySelector("[data-answer] > [data-row]");
    if (first) first.tabIndex = 0;
  });
  document.addEventListener("wb-changed", (event) => {
    const row = active && event.target.querySelector(`[data-row="${active.dataset.row}"]`);
    const first = row || event.target.querySelector("[data-row]");
    if (first && first !== active) {
      active = first;
      first.tabIndex = 0;
    }
    if (active && active.isConnected) toolsFor(active);
  });
})();
