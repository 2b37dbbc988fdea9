/* Body of gr.HTML's js_on_load: `server` and `trigger` are given. Takes what the editor asks for (`wb-ask`) to the
   server, one request after the other, and puts what came back where it is shown. A request that got no answer is sent
   again for as long as it takes: what somebody wrote is not lost. */
const outbox = [], revisions = new Map();
let busy = false, known = null;

const shownEditor = () => [...document.querySelectorAll("[data-editor]")].find((one) => one.offsetParent !== null);
const editorOf = (key) => [...document.querySelectorAll("[data-editor]")].find((one) => one.dataset.editor === key);
const say = (html) => {
  const place = shownEditor() && shownEditor().querySelector("[data-said]");
  if (place) place.innerHTML = html;
};
const fragment = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html; /* the server's: what is data in it was escaped there */
  return template.content;
};
const wait = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

/* Put new markup in a place, and leave focus, half-typed text and what was unfolded as they were. */
const fill = (place, html) => {
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const keep = focused && focused.dataset.keep, value = focused && focused.value;
  const selection = focused && focused.selectionStart;
  const open = [...place.querySelectorAll("details[open][data-fold]")].map((one) => one.dataset.fold);
  const list = place.querySelector("ul, ol"), top = list ? list.scrollTop : 0;
  place.replaceChildren(fragment(html));
  place.querySelectorAll("details[data-fold]").forEach((one) => { one.open = open.includes(one.dataset.fold); });
  const same = place.querySelector("ul, ol");
  if (same) same.scrollTop = top;
  const again = keep && [...place.querySelectorAll("[data-keep]")].find((one) => one.dataset.keep === keep);
  if (!again) return;
  again.focus({ preventScroll: true });
  if (again.matches("textarea, input[type=text]")) {
    again.value = value;
    again.setSelectionRange(selection, selection);
  }
};
const fillParts = (editor, parts) => Object.entries(parts).forEach(([name, html]) => {
  /* What was ticked since is on its way, and would be unticked here: its own reply brings this part. */
  if (html.includes("data-rule") && outbox.some(({ request }) => request.act === "correct")) return;
  if (name === "tools") {
    editor.querySelector("[data-tools]").innerHTML = html;
    editor.querySelectorAll("[data-answer] .wb-row-tools").forEach((one) => one.remove());
  } else document.querySelectorAll(`[data-part="${name}"]`).forEach((place) => fill(place, html));
});

const rowIn = (list, number) => list.querySelector(`:scope > [data-row="${Number(number)}"]`);
const fillRows = (list, rows, order) => {
  const old = list.contains(document.activeElement) && document.activeElement.closest("[data-row]");
  const held = old && !document.activeElement.isContentEditable ? old.dataset.row : null;
  const fresh = new Map(rows.map(([number, html]) => [number, html]));
  const put = (number, before) => {
    const row = rowIn(list, number), html = fresh.get(number);
    if (html === undefined) return row;
    if (row && row.querySelector("[contenteditable]")) {
      row.waiting = html; /* somebody is writing in it */
      return row;
    }
    const made = fragment(html).firstElementChild;
    if (row) row.replaceWith(made);
    else list.insertBefore(made, before);
    return made;
  };
  if (!order) rows.forEach(([number]) => put(number, null));
  else {
    const wanted = new Set(order.map(String));
    let neighbour = null;
    [...list.children].forEach((row) => {
      if (wanted.has(row.dataset.row)) return;
      if (row.dataset.row === held) neighbour = row.previousElementSibling;
      row.remove();
    });
    let cursor = list.firstElementChild;
    order.forEach((number) => {
      const row = put(number, cursor);
      if (row !== cursor && row.nextElementSibling !== cursor) list.insertBefore(row, cursor);
      cursor = row.nextElementSibling;
    });
    if (neighbour) neighbour.focus({ preventScroll: true });
  }
  if (held !== null && rowIn(list, held)) rowIn(list, held).focus({ preventScroll: true });
  list.dispatchEvent(new CustomEvent("wb-changed", { bubbles: true }));
};

const put = (request, reply) => {
  if (reply.error) say(reply.error);
  else if (reply.rows) say("");
  const editor = reply.rows && editorOf(reply.key), list = editor && editor.querySelector("[data-answer]");
  if (!list) return;
  if (request.act !== "refresh" && Number(editor.dataset.revision) !== reply.base) {
    outbox.unshift({ request: { act: "refresh", key: reply.key } });
    return;
  }
  editor.dataset.revision = reply.revision;
  revisions.set(reply.key, reply.revision);
  fillRows(list, reply.rows, reply.order);
  fillParts(editor, reply.parts);
  if ("review" in reply.parts || request.act === "set") trigger("input");
};

const pump = async () => {
  if (busy) return;
  busy = true;
  while (outbox.length) {
    const { request, then } = outbox[0];
    let reply = null;
    try { reply = await server.ask(request); } catch { /* sent again below */ }
    if (!reply) {
      const editor = shownEditor(), told = editor && editor.querySelector("[data-said]");
      if (told) told.textContent = told.dataset.failed;
      await wait(2000);
      continue;
    }
    outbox.shift();
    try {
      put(request, reply);
      if (then) then(reply);
    } catch (error) {
      console.error(error);
      if (request.act !== "refresh") outbox.unshift({ request: { act: "refresh", key: request.key } });
    }
  }
  busy = false;
};
document.addEventListener("wb-ask", (event) => {
  outbox.push(event.detail);
  pump();
});
document.addEventListener("wb-again", (event) => trigger("select", event.detail));

/* Another transcript was put on the page; one that is older than what came back for it since is asked for anew. */
new MutationObserver(() => {
  const editor = shownEditor() || null;
  if (editor === known) return;
  known = editor;
  document.dispatchEvent(new CustomEvent("wb-editor", { detail: editor }));
  if (!editor) return;
  const last = revisions.get(editor.dataset.editor) || 0;
  if (Number(editor.dataset.revision) >= last) return;
  outbox.push({ request: { act: "refresh", key: editor.dataset.editor } });
  pump();
}).observe(document.body, { childList: true, subtree: true });
