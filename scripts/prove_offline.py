"""The whole journey, and hostile inputs, where every attempt to leave is seen: 0 attempts, and the canaries trip.

    python scripts/prove_offline.py [--json]

Nothing is sealed here but where it says so: a seal would hide what the code tries. The environment is hostile
throughout: proxies, a token, and variables that share a page. About a minute; exit code 1 where the promise is broken.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from workbench.sealed.watch import run_in_sink

ROOT = Path(__file__).resolve().parent.parent
SPOKEN = ROOT / "eval_sets" / "english-demo" / "audio" / "e01.flac"
OUTSIDE = "198.51.100.9"
HOSTILE = {
    "HTTP_PROXY": f"http://{OUTSIDE}:3128",
    "HTTPS_PROXY": f"http://{OUTSIDE}:3128",
    "ALL_PROXY": f"http://{OUTSIDE}:3128",
    "GRADIO_SHARE": "True",
    "GRADIO_SERVER_NAME": "0.0.0.0",
    "GRADIO_ANALYTICS_ENABLED": "True",
    "HF_TOKEN": "hf_nobodys",
    "HF_HUB_OFFLINE": "0",
    "WORKBENCH_SEAL": "0",
}
PLAYLIST = f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://{OUTSIDE}/part.ts\n"
STOCK_GRADIO = """
import gradio
with gradio.Blocks() as page:
    gradio.Textbox()
page.launch(prevent_thread_lock=True, quiet=True)
import time
time.sleep(3)
"""
SERVED = f"""
import json, runpy, signal, subprocess, sys
from pathlib import Path
import httpx, psutil
command = [sys.executable, "-P", "-m", "workbench.cli", "serve", "--port", "0", "--json"]
process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
lines = []
while not lines or lines[-1] != "}}\\n":
    lines.append(process.stdout.readline())
url = json.loads("".join(lines))["url"]
with httpx.Client(base_url=url, timeout=120, trust_env=False) as visitor:
    statuses = [visitor.get(path).status_code for path in ("/", "/config", "/health", "/v1/models")]
    fetched = [visitor.get(f"/gradio_api/{{path}}").status_code
        for path in ("file=https://{OUTSIDE}/x.wav", "proxy=https://{OUTSIDE}.hf.space/x")]
    sent = {{"file": open({str(SPOKEN)!r}, "rb").read()}}
    statuses.append(visitor.post("/v1/audio/transcriptions", files=sent).status_code)
    mistyped = [visitor.post("/v1/audio/transcriptions", files=sent, data={{"model": model}}).status_code
        for model in ("faster-whisper:openai/wisper-tiny", "whisper:openai/wisper-tiny", "qwen3-asr:Qwen/Qwen3-ASR")]
    playlist = {{"file": ("meeting.wav", {PLAYLIST.encode()!r})}}
    named = [visitor.post("/v1/audio/transcriptions", files=playlist).status_code]
page = runpy.run_path({str(ROOT / "scripts" / "visit_page.py")!r})
seen = page["rows"](page["visit"](url, [Path({str(SPOKEN)!r}), Path(sys.argv[1])]))
listens = {{one.laddr.ip for one in psutil.Process(process.pid).net_connections("tcp") if one.status == "LISTEN"}}
process.send_signal(signal.SIGINT)
print(json.dumps([statuses, fetched, mistyped, named, seen, sorted(listens)]), file=sys.stderr)
worked = statuses == [200] * 5 and [row.split()[0] for row in seen] in (["done", "failed"], ["check", "failed"])
refused = all(400 <= status < 600 for status in fetched + mistyped + named)
sys.exit(process.wait() or not (worked and refused and listens == {{"127.0.0.1"}}))
"""


def steps(folder: Path) -> dict[str, tuple[list[str], bool, set[int]]]:
    """By name: the command, whether it must be seen to try, and the exit codes it may have."""
    module = [sys.executable, "-P", "-m"]
    workbench = [*module, "workbench.cli"]
    playlist = folder / "meeting.wav"
    playlist.write_text(PLAYLIST, encoding="ascii")
    refused = {1, 2}
    return {
        "canary: every way there is": ([*module, "workbench.sealed.canary"], True, {0}),
        "canary: stock Gradio": ([sys.executable, "-P", "-c", STOCK_GRADIO], True, {0, 1}),
        "transcribe": ([*workbench, "transcribe", str(SPOKEN)], False, {0}),
        "bench": ([*workbench, "bench", "english-demo", "--limit", "2", "--on-existing", "again"], False, {0}),
        "engines, models, doctor": ([*workbench, "doctor"], False, {0, 1}),
        "serve: page, API, hostile inputs to both": ([sys.executable, "-P", "-c", SERVED, str(playlist)], False, {0}),
        "a web address as recording": ([*workbench, "transcribe", f"https://{OUTSIDE}/x.wav"], False, refused),
        "a playlist named meeting.wav": ([*workbench, "transcribe", str(playlist)], False, refused),
        "a model that is not here": (
            [*workbench, "transcribe", str(SPOKEN), "--engine", "faster-whisper:nobody/nothing"],
            False,
            refused,
        ),
        "a server elsewhere": (
            [*workbench, "transcribe", str(SPOKEN), "--engine", f"openai-http:http://{OUTSIDE}/v1"],
            False,
            refused,
        ),
        "canary, sealed": ([*module, "workbench.sealed.canary", "--sealed"], False, {0}),
    }


def outcome(name: str, done: dict[str, Any], must_try: bool, codes: set[int]) -> dict[str, Any]:
    """What became of a step, and whether that is as promised."""
    as_promised = bool(done["attempts"]) == must_try and done["code"] in codes and done["lost"] == 0
    return {"step": name, "attempts": done["attempts"], "code": done["code"], "as promised": as_promised}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="One JSON document.")
    as_json = parser.parse_args().json
    with tempfile.TemporaryDirectory() as folder:
        planned = steps(Path(folder))
        done = run_in_sink([command for command, _, _ in planned.values()], environment=HOSTILE)
    found = [
        outcome(name, one, must_try, codes)
        for (name, (_, must_try, codes)), one in zip(planned.items(), done, strict=True)
    ]
    if as_json:
        print(json.dumps(found, indent=2))
    for one, result in zip(found, done, strict=True):
        if not as_json:
            tried = ", ".join(" ".join(attempt) for attempt in one["attempts"]) or "nothing"
            print(f"{'ok ' if one['as promised'] else 'NO '} {one['step']} (exit {one['code']}): {tried}")
        if not one["as promised"]:
            print(result["err"][-2000:], file=sys.stderr)
    return 0 if all(one["as promised"] for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
