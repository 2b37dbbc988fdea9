/* Body of gr.HTML's js_on_load: `element`, `trigger` and `upload` are given. */
const box = () => element.querySelector("[data-recorder]");
const part = (name) => box().querySelector(name);
let recorder = null, stream = null, meter = null, ticking = 0, chunks = [], began = 0;

const say = (text) => { part("[data-said]").textContent = text || ""; };
const two = (n) => String(n).padStart(2, "0");
const mark = (state) => {
  box().dataset.state = state;
  const button = part("[data-record]");
  button.querySelector("span").textContent = state === "on" ? button.dataset.stop : button.dataset.start;
  button.disabled = state === "busy";
};

const listen = () => {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  context.createMediaStreamSource(stream).connect(analyser);
  const frame = new Float32Array(analyser.fftSize);
  ticking = setInterval(() => {
    const s = Math.floor((performance.now() - began) / 1000);
    part("[data-clock]").textContent = Math.floor(s / 60) + ":" + two(s % 60);
    analyser.getFloatTimeDomainData(frame);
    const power = frame.reduce((sum, x) => sum + x * x, 0) / frame.length;
    const level = Math.max(0, Math.min(1, 1 + Math.log10(power + 1e-9) / 5));
    part(".wb-level i").style.width = (100 * level).toFixed(0) + "%";
  }, 100);
  meter = context;
};

const quiet = () => {
  clearInterval(ticking);
  if (meter) meter.close();
  if (stream) stream.getTracks().forEach((track) => track.stop());
  recorder = stream = meter = null;
  part(".wb-level i").style.width = "0";
};

const finish = async (type) => {
  const now = new Date();
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(".");
  const suffix = type.includes("mp4") ? "m4a" : type.includes("ogg") ? "ogg" : "webm";
  const blob = new Blob(chunks, { type });
  chunks = [];
  quiet();
  mark("busy");
  try {
    const { path } = await upload(new File([blob], `Recording ${time}.${suffix}`, { type }));
    trigger("stop_recording", { path });
  } catch (error) {
    say(box().dataset.failed);
  }
  mark("off");
};

const start = async () => {
  say("");
  if (!navigator.mediaDevices || !window.MediaRecorder) return say(box().dataset.missing);
  try {
    /* What the microphone heard, untouched: preprocessing is this page's own business. */
    const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    stream = await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    return say(error.name === "NotAllowedError" ? box().dataset.refused : box().dataset.missing);
  }
  const type = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"]
    .find((one) => MediaRecorder.isTypeSupported(one)) || "";
  recorder = new MediaRecorder(stream, { mimeType: type || undefined, audioBitsPerSecond: 96000 });
  recorder.ondataavailable = (event) => { if (event.data.size) chunks.push(event.data); };
  recorder.onstop = () => finish(recorder ? recorder.mimeType : type);
  recorder.start(1000);
  began = performance.now();
  mark("on");
  listen();
};

element.addEventListener("click", (event) => {
  if (!event.target.closest("[data-record]")) return;
  if (recorder && recorder.state === "recording") recorder.stop();
  else if (box().dataset.state !== "busy") start();
});
