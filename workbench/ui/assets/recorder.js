/* Body of gr.HTML's js_on_load: `element`, `trigger` and `upload` are given. States: off, asking, on, paused, busy (it is
   being sent) and kept (it could not be sent, and stays here until it is sent, saved or discarded). */
const SILENT_DBFS = -46, SILENT_SECONDS = 3, SILENT_LATER_SECONDS = 8, FULL_SCALE = 0.985, HELD_SECONDS = 3;
const box = () => element.querySelector("[data-recorder]");
const part = (name) => box().querySelector(name);
const words = () => box().dataset;
let recorder = null, stream = null, meter = null, ticking = 0, chunks = [];
let began = 0, before = 0, loudAt = [], heardAt = 0, hasHeard = false, kept = null, told = "";

const say = (text) => { if (part("[data-said]").textContent !== (text || "")) part("[data-said]").textContent = text || ""; };
const two = (n) => String(n).padStart(2, "0");
const mark = (state) => {
  const all = box().dataset, record = part("[data-record]"), pause = part("[data-pause]");
  all.state = state;
  const runs = state === "on" || state === "paused";
  record.querySelector("span").textContent = runs ? record.dataset.stop : record.dataset.start;
  pause.textContent = state === "paused" ? pause.dataset.resume : pause.dataset.pause;
  record.disabled = state === "busy" || state === "asking";
  if (runs || state === "busy" || state === "kept") all.keeps = "";
  else delete all.keeps;
};
const seconds = () => (before + (recorder && recorder.state === "recording" ? performance.now() - began : 0)) / 1000;

/* Level: power of the last 85 ms over a range of 60 dB, the peak beside it. */
const listen = () => {
  meter = new AudioContext();
  const analyser = meter.createAnalyser();
  analyser.fftSize = 4096;
  meter.createMediaStreamSource(stream).connect(analyser);
  meter.resume().catch(() => {});
  const frame = new Float32Array(analyser.fftSize);
  const width = (amplitude) => Math.max(0, Math.min(1, 1 + Math.log10(amplitude + 1e-9) / 3));
  return () => {
    analyser.getFloatTimeDomainData(frame);
    let power = 0, peak = 0;
    for (const x of frame) { power += x * x; peak = Math.max(peak, Math.abs(x)); }
    part(".wb-level i").style.width = (100 * width(Math.sqrt(power / frame.length))).toFixed(0) + "%";
    part(".wb-level u").style.left = `calc(${(100 * width(peak)).toFixed(0)}% - 2px)`;
    judge(peak);
  };
};
const judge = (peak) => {
  const now = seconds();
  if (peak >= FULL_SCALE) loudAt.push(now);
  loudAt = loudAt.filter((at) => now - at < HELD_SECONDS);
  if (20 * Math.log10(peak + 1e-9) > SILENT_DBFS) { heardAt = now; hasHeard = true; }
  const silent = now - heardAt > (hasHeard ? SILENT_LATER_SECONDS : SILENT_SECONDS);
  const level = loudAt.length > 2 ? "loud" : silent ? "silent" : "";
  if (box().dataset.level === level) return;
  box().dataset.level = level;
  say(words()[level] || told);
};

const quiet = () => {
  clearInterval(ticking);
  if (meter) meter.close().catch(() => {});
  if (stream) stream.getTracks().forEach((track) => { track.onended = null; track.stop(); });
  recorder = stream = meter = null;
  delete box().dataset.level;
  part(".wb-level i").style.width = "0";
  part(".wb-level u").style.left = "0";
};

const send = async () => {
  mark("busy");
  try {
    const { path } = await upload(kept);
    if (!path) throw new Error("nothing arrived");
    trigger("stop_recording", { path });
    forget();
    say(told);
  } catch (error) {
    const save = part("[data-save]");
    if (!save.href) save.href = URL.createObjectURL(kept);
    save.download = kept.name;
    say(words().kept);
    mark("kept");
  }
};
const forget = () => {
  const save = part("[data-save]"), discard = part("[data-discard]");
  if (save.href) URL.revokeObjectURL(save.href);
  save.removeAttribute("href");
  discard.textContent = discard.dataset.once;
  kept = null;
  mark("off");
};
const finish = (type) => {
  const now = new Date();
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(".");
  const suffix = type.includes("mp4") ? "m4a" : type.includes("ogg") ? "ogg" : "webm";
  const blob = new Blob(chunks, { type });
  chunks = [];
  quiet();
  if (!blob.size) {
    say(told || words().failed);
    return mark("off");
  }
  kept = new File([blob], `Recording ${time}.${suffix}`, { type });
  send();
};

const why = (error) => {
  if (error.name === "NotAllowedError" || error.name === "SecurityError") return words().refused;
  if (error.name === "NotReadableError" || error.name === "AbortError") return words().occupied;
  return words().missing;
};
const start = async () => {
  told = "";
  say("");
  if (!window.isSecureContext) return say(words().insecure);
  if (!navigator.mediaDevices || !window.MediaRecorder) return say(words().missing);
  mark("asking");
  const patience = setTimeout(() => say(words().asking), 400);
  try {
    /* What the microphone heard, untouched: preprocessing is this page's own business. */
    const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    stream = await navigator.mediaDevices.getUserMedia({ audio });
    const type = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"]
      .find((one) => MediaRecorder.isTypeSupported(one)) || "";
    recorder = new MediaRecorder(stream, { mimeType: type || undefined, audioBitsPerSecond: 96000 });
    recorder.ondataavailable = (event) => { if (event.data.size) chunks.push(event.data); };
    const own = recorder;
    recorder.onstop = () => finish(own.mimeType || type);
    stream.getAudioTracks()[0].onended = () => { told = words().lost; stop(); };
    recorder.start(1000);
  } catch (error) {
    quiet();
    mark("off");
    return say(why(error));
  } finally {
    clearTimeout(patience);
  }
  say("");
  began = performance.now();
  before = heardAt = 0;
  loudAt = [];
  hasHeard = false;
  mark("on");
  let look = () => {};
  try { look = listen(); } catch { /* no meter is no reason not to record */ }
  ticking = setInterval(() => {
    const s = Math.floor(seconds());
    part("[data-clock]").textContent = Math.floor(s / 60) + ":" + two(s % 60);
    if (recorder && recorder.state === "recording") look();
  }, 100);
};
const stop = () => { if (recorder && recorder.state !== "inactive") recorder.stop(); };
const pause = () => {
  if (!recorder) return;
  if (recorder.state === "recording") {
    before += performance.now() - began;
    recorder.pause();
    part(".wb-level i").style.width = "0";
    mark("paused");
  } else if (recorder.state === "paused") {
    began = performance.now();
    recorder.resume();
    heardAt = before / 1000;
    mark("on");
  }
};
const discard = (button) => {
  if (button.textContent === button.dataset.sure) { say(""); return forget(); }
  button.textContent = button.dataset.sure;
};

element.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest(selector);
  if (hit("[data-pause]")) pause();
  else if (hit("[data-again]")) send();
  else if (hit("[data-save]")) delete box().dataset.keeps;
  else if (hit("[data-discard]")) discard(hit("[data-discard]"));
  else if (!hit("[data-record]")) return;
  else if (recorder) stop();
  else if (!["busy", "asking", "kept"].includes(box().dataset.state)) start();
});
