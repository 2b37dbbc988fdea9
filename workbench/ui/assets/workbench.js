/* The page's own behaviour, by delegation on the document: markup may be replaced at any time.
   data-player: a player; data-seek: seconds to play from; data-copy: copies the text of the element it names;
   data-row: a segment; data-word: a piece of one that is lit while it is heard; data-flag: a place to check; data-keys:
   the player that the keys are for; data-theme-switch: light and dark; data-since: seconds since the element appeared. */
(() => {
  "use strict";

  /* Theme: the system's, unless the switch was used. */
  const KEY = "workbench-theme";
  const stored = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const paint = (dark) => {
    document.body.classList.toggle("dark", dark);
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
  };
  const system = matchMedia("(prefers-color-scheme: dark)");
  const choose = () => paint(stored() ? stored() === "dark" : system.matches);
  system.addEventListener("change", choose);
  const switchTheme = () => {
    const dark = !document.body.classList.contains("dark");
    paint(dark);
    try { localStorage.setItem(KEY, dark ? "dark" : "light"); } catch { /* private window */ }
  };

  /* Player. */
  const players = () => [...document.querySelectorAll("[data-player]")];
  const shown = (element) => element.offsetParent !== null;
  const playerOf = (element) => {
    const own = element.closest("[data-player]");
    if (own) return own;
    const named = element.closest("[data-plays]");
    if (named) return document.getElementById(named.dataset.plays);
    return players().find(shown) || null;
  };
  const audioOf = (player) => player && player.querySelector("audio");
  const clock = (seconds) => {
    const tenths = Math.floor(Math.max(0, seconds) * 10 + 1e-6);
    const s = Math.floor(tenths / 10), h = Math.floor(s / 3600), m = Math.floor((s % 3600) / 60);
    const two = (n) => String(n).padStart(2, "0");
    return (h ? h + ":" + two(m) : m) + ":" + two(s % 60) + "." + (tenths % 10);
  };
  const lengthOf = (player, audio) => Number(player.dataset.seconds) || audio.duration || 0;

  /* What can be lit in a list, read once, and again when `wb-changed` says so. */
  const rowsOf = new WeakMap();
  document.addEventListener("wb-changed", (event) => rowsOf.delete(event.target));
  const read = (list, selector) =>
    [...list.querySelectorAll(selector)].map((row) =>
      ({ row, start: Number(row.dataset.seek), end: row.dataset.end ? Number(row.dataset.end) : Infinity }));
  const lit = (list, selector) => {
    if (!rowsOf.has(list)) rowsOf.set(list, read(list, selector));
    return rowsOf.get(list);
  };
  const currentOf = (rows, now, patience) => {
    let current = null;
    for (const one of rows) {
      if (one.start > now + 0.05) break;
      current = one;
    }
    return current && now <= current.end + patience ? current.row : null;
  };
  const lightWord = (list, segment, now) => {
    const before = list.querySelector("[data-lit]");
    const current = segment && currentOf(lit(segment, "[data-word]"), now, 0.3);
    if (before === current) return;
    if (before) delete before.dataset.lit;
    if (current) current.dataset.lit = "";
  };
  const lightSegment = (player, now) => {
    document.querySelectorAll(`[data-plays="${CSS.escape(player.id)}"]`).forEach((list) => {
      const rows = list.matches(".wb-segments") ? "[data-row]" : "[data-seek]:not([data-word])";
      const current = currentOf(lit(list, rows), now, 0.6);
      if (list.matches(".wb-segments")) lightWord(list, current, now);
      const before = list.querySelector("[aria-current]");
      if (before === current) return;
      if (before) before.removeAttribute("aria-current");
      if (!current) return;
      current.setAttribute("aria-current", "true");
      if (list.querySelector("[contenteditable]")) return; /* somebody is writing */
      const box = current.getBoundingClientRect(), room = list.getBoundingClientRect();
      if (box.top < room.top || box.bottom > room.bottom)
        list.scrollTo({ top: list.scrollTop + box.top - room.top - list.clientHeight / 3, behavior: "smooth" });
    });
  };

  const show = (audio) => {
    const player = audio.closest("[data-player]");
    if (!player) return;
    const wave = player.querySelector("[data-wave]");
    const total = lengthOf(player, audio), now = audio.currentTime;
    const part = total ? Math.min(1, now / total) : 0;
    if (wave) {
      wave.style.setProperty("--played", (100 * part).toFixed(3) + "%");
      wave.setAttribute("aria-valuenow", now.toFixed(2));
      wave.setAttribute("aria-valuetext", clock(now));
    }
    const label = player.querySelector("[data-now]");
    if (label) label.textContent = clock(now);
    lightSegment(player, now);
    keepLooping(player, audio);
  };

  /* A segment over and over, until something else is played. */
  let loop = null;
  const markLoop = () => document.querySelectorAll("[data-row]").forEach((row) => {
    const on = loop !== null && Number(row.dataset.seek) === loop.start && Number(row.dataset.end) === loop.end;
    if (row.hasAttribute("data-looped") !== on) row.toggleAttribute("data-looped", on);
  });
  const setLoop = (next) => {
    loop = next;
    markLoop();
  };
  const keepLooping = (player, audio) => {
    if (!loop || loop.player !== player) return;
    const now = audio.currentTime;
    if (now < loop.start - 0.5 || now > loop.end + 0.5) setLoop(null);
    else if (!audio.paused && now >= loop.end) audio.currentTime = loop.start;
  };
  document.addEventListener("wb-changed", markLoop);
  document.addEventListener("wb-loop", (event) => {
    const row = event.target.closest("[data-row]"), player = row && playerOf(row);
    if (!player) return;
    if (row.hasAttribute("data-looped")) {
      setLoop(null);
      audioOf(player).pause();
      return;
    }
    setLoop(null);
    const start = Number(row.dataset.seek), end = Number(row.dataset.end);
    seek(player, start, true);
    setLoop({ player, start, end: Math.max(end, start + 0.2) });
  });

  const setPlaying = (audio) => {
    const player = audio.closest("[data-player]");
    const button = player && player.querySelector("[data-toggle]");
    if (!button) return;
    button.setAttribute("aria-pressed", String(!audio.paused));
    button.setAttribute("aria-label", audio.paused ? button.dataset.play : button.dataset.pause);
  };

  let frame = 0;
  const follow = () => {
    cancelAnimationFrame(frame);
    const playing = players().map(audioOf).filter((audio) => audio && !audio.paused);
    playing.forEach(show);
    if (playing.length) frame = requestAnimationFrame(follow);
  };

  const seek = (player, seconds, play) => {
    const audio = audioOf(player);
    if (!audio) return;
    const go = () => {
      audio.currentTime = Math.max(0, Math.min(seconds, lengthOf(player, audio) || seconds));
      show(audio);
      if (play) audio.play().catch(() => {});
    };
    if (audio.readyState >= 1) return go();
    audio.addEventListener("loadedmetadata", go, { once: true });
    audio.load();
  };
  const toggle = (player) => {
    const audio = audioOf(player);
    if (!audio) return;
    if (audio.paused) audio.play().catch(() => {});
    else audio.pause();
  };
  const seekTo = (wave, x) => {
    const box = wave.getBoundingClientRect();
    const player = playerOf(wave), audio = audioOf(player);
    if (audio) seek(player, lengthOf(player, audio) * Math.min(1, Math.max(0, (x - box.left) / box.width)), false);
  };

  document.addEventListener("play", (event) => {
    players().map(audioOf).forEach((audio) => { if (audio && audio !== event.target) audio.pause(); });
    setPlaying(event.target);
    follow();
  }, true);
  ["pause", "ended"].forEach((name) => document.addEventListener(name, (event) => {
    if (event.type === "ended" && loop && loop.player === event.target.closest("[data-player]")) {
      seek(loop.player, loop.start, true);
      return;
    }
    setPlaying(event.target);
    show(event.target);
  }, true));
  ["timeupdate", "seeked", "loadedmetadata"].forEach((name) =>
    document.addEventListener(name, (event) => { if (event.target.closest) show(event.target); }, true));
  document.addEventListener("error", (event) => {
    const player = event.target.tagName === "AUDIO" && event.target.closest("[data-player]");
    if (player) player.classList.add("wb-unplayable");
  }, true);

  /* Where the answer is below the form, go there. */
  const lookAtAnswer = () => setTimeout(() => {
    const answer = [...document.querySelectorAll(".wb-main")].find(shown);
    if (answer && answer.getBoundingClientRect().top > innerHeight * 0.8)
      answer.scrollIntoView({ behavior: "smooth", block: "start" });
  }, 250);

  /* Clicks. */
  const copy = async (button) => {
    const source = document.getElementById(button.dataset.copy);
    const field = source && (source.matches("textarea, input") ? source : source.querySelector("textarea, input"));
    const text = field ? field.value : source ? source.textContent : "";
    try { await navigator.clipboard.writeText(text); } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    const before = button.textContent;
    if (button.dataset.copied === before) return;
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = before; }, 1500);
  };

  document.addEventListener("click", (event) => {
    const hit = (selector) => event.target.closest && event.target.closest(selector);
    let found;
    if (hit("[data-theme-switch]")) switchTheme();
    else if (hit(".wb-run, .wb-chip")) lookAtAnswer();
    else if (hit("[data-act], [data-heard], .wb-row-tools, [contenteditable]")) return; /* the editor's */
    else if ((found = hit("[data-copy]"))) copy(found);
    else if ((found = hit("[data-toggle]"))) toggle(playerOf(found));
    else if ((found = hit("[data-speed]"))) {
      const audio = audioOf(playerOf(found)), steps = [1, 1.25, 1.5, 2, 0.75];
      const next = steps[(steps.indexOf(audio.playbackRate) + 1) % steps.length];
      audio.playbackRate = next;
      found.textContent = next + "×";
    } else if ((found = hit("[data-seek]"))) {
      if (String(getSelection()).length) return;
      seek(playerOf(found), Number(found.dataset.seek), true);
      /* After a click of the mouse, Space is for the player. */
      if (event.detail && document.querySelector("[data-keys]")) found.closest("button")?.blur();
    }
  });
  document.addEventListener("pointerdown", (event) => {
    const wave = event.target.closest && event.target.closest("[data-wave]");
    if (!wave || event.button) return;
    seekTo(wave, event.clientX);
    const move = (moved) => seekTo(wave, moved.clientX);
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", () => document.removeEventListener("pointermove", move), { once: true });
  });
  document.addEventListener("keydown", (event) => {
    const wave = event.target.closest && event.target.closest("[data-wave]");
    if (!wave) return;
    const player = playerOf(wave), audio = audioOf(player);
    if (!audio) return;
    const now = audio.currentTime, total = lengthOf(player, audio);
    const to = { ArrowLeft: now - 5, ArrowRight: now + 5, Home: 0, End: total }[event.key];
    if (event.key === " " || event.key === "Enter") toggle(player);
    else if (to !== undefined) seek(player, to, false);
    else return;
    event.preventDefault();
  });

  /* Keys for the whole page, where a hint says so and nothing else wants them. */
  const BUSY = "input, textarea, select, button, a, summary, audio, [contenteditable], [role], [tabindex]";
  const nextFlag = (player, now) => {
    const flags = [...document.querySelectorAll(`[data-plays="${CSS.escape(player.id)}"] [data-flag]`)];
    return flags.find((flag) => Number(flag.dataset.seek) > now + 0.1) || flags[0];
  };
  document.addEventListener("keydown", (event) => {
    const hint = [...document.querySelectorAll("[data-keys]")].find(shown);
    const player = hint && document.getElementById(hint.dataset.keys), audio = audioOf(player);
    if (!audio || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const found = event.target.closest && event.target.closest(BUSY);
    const focus = found && found.matches("[data-row]") ? null : found;
    if (focus && focus.closest("input, textarea, select, [contenteditable], [role=\"listbox\"], [role=\"slider\"]")) return;
    if (event.key === " " && !focus) toggle(player);
    else if (event.key === "ArrowLeft" && !(focus && focus.matches("[role=\"tab\"]"))) seek(player, audio.currentTime - 3, false);
    else if (event.key === "n") {
      const flag = nextFlag(player, audio.currentTime);
      if (!flag) return;
      seek(player, Number(flag.dataset.seek), true);
    } else return;
    event.preventDefault();
  });

  /* Seconds since something began. */
  const began = new WeakMap();
  setInterval(() => document.querySelectorAll("[data-since]").forEach((element) => {
    const key = element.dataset.since;
    const start = began.get(element);
    if (!start || start.key !== key) began.set(element, { key, at: performance.now() });
    else element.textContent = Math.round((performance.now() - start.at) / 1000) + " s";
  }), 500);

  if (document.body) choose();
  else document.addEventListener("DOMContentLoaded", choose);
  window.addEventListener("load", choose);
})();
