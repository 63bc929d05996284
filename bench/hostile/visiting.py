"""Inputs sent to the open page over HTTP, whose process and log are watched."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.hostile import files, questions
from bench.hostile.counting import Count
from bench.hostile.trying import ROOT

LOG = Path(tempfile.gettempdir()) / "hostile-page.log"


ENDPOINTS = (
    "classify",
    "explain",
    "score_prompts",
    "embedding_map",
    "compare",
)  # for other programs
EVENTS = (
    "prompts_attempt",
    "prompts_preset",
    "map_near",
    "compare_look",
    "pick",
    "stop",
    "show",
    "nothing",
)
PATHS = ("file=http://127.0.0.1/", "file=/etc/passwd", "proxy=x", "heartbeat/\ufffd", "info")


def visits(address: str, chance: random.Random) -> Iterator[tuple[int, str]]:
    """One visit after another: (status, text) of each answer."""
    import httpx

    with httpx.Client(base_url=f"{address}/gradio_api", timeout=60) as client:
        while True:
            kind = chance.random()
            if kind < 0.3:
                answer = client.get(f"/{chance.choice(PATHS)}")
            elif kind < 0.5:
                spoilt = files.spoilt(json.dumps(_asked(chance)).encode(), chance)
                answer = client.post("/queue/join", content=spoilt)
            elif kind < 0.6:
                sent = {"files": ("a" * chance.choice((1, 300)), files.image(chance))}
                answer = client.post("/upload", files=sent)
            else:
                answer = _call(client, chance)
            yield answer.status_code, answer.text


def _asked(chance: random.Random) -> dict[str, Any]:
    """A question to some event."""
    more: tuple[dict[str, Any], ...] = (
        {},
        {"session_hash": chance.choice(questions.TEXTS)},
        {"fn_index": chance.randrange(90)},
    )
    count = chance.choice((0, 1, 2, 4, 8))
    return {"data": [questions.value(chance) for _ in range(count)], **chance.choice(more)}


def _call(client: Any, chance: random.Random) -> Any:
    """One question asked and its answer fetched, some a second time, which is a replay."""
    name = chance.choice(ENDPOINTS + EVENTS)
    answer = client.post(f"/call/{name}", content=json.dumps(_asked(chance)))
    number = answer.json().get("event_id") if answer.status_code == 200 else None
    for _ in range(chance.choice((1, 2)) if number else 0):
        answer = client.get(f"/call/{name}/{number}")
    return answer


def run_page(count: int, seed: int, end: float) -> Count:
    """Requests to the page, whose process is watched; its log is looked through for tracebacks."""
    found = Count()
    with tempfile.TemporaryDirectory() as folder, LOG.open("w") as log:
        environment = os.environ | {
            "GRADIO_TEMP_DIR": folder,
            "HEADLIGHT_CACHE": folder,
            "HF_HUB_OFFLINE": "1",
        }
        command = [sys.executable, "app.py", "--host", "127.0.0.1", "--port", "7873"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            if not _opens("http://127.0.0.1:7873/gradio_api/info", process):
                return found
            answers = visits("http://127.0.0.1:7873", random.Random(seed))
            for _ in range(count):
                began = time.perf_counter()
                status, text = next(answers)
                found.add(_how(status, text), time.perf_counter() - began, _held(process.pid))
                if time.monotonic() > end or process.poll() is not None:
                    break
            if process.poll() is not None:
                found.add("kill", 0, 0)
        finally:
            process.terminate()
            process.wait()
    said = LOG.read_text(errors="replace")
    found.how["traceback"] += said.count("Traceback (most recent call last)")
    found.traces += [said[-2000:]] if "Traceback" in said else []
    return found


def _how(status: int, text: str) -> str:
    """What kind of answer came."""
    if "event: error\ndata: null" in text or '"error": null' in text:
        return "no sentence"
    if status >= 500:
        return "5xx"
    return "sentence" if status >= 400 or "event: error" in text else "right"


def _opens(address: str, process: subprocess.Popen) -> bool:
    import httpx

    for _ in range(300):
        try:
            httpx.get(address, timeout=5)
            return True
        except httpx.HTTPError:
            time.sleep(1)
        if process.poll() is not None:
            break
    print("The page did not open; see", LOG, flush=True)
    return False


def _held(pid: int) -> int:
    """The most memory a process has held so far, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
