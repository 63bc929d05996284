"""How Headlight bears thousands of inputs that nobody should send: files, texts, questions, names, checkpoints, HTTP.

    python -m bench.hostile --count 5000 --minutes 20

Every kind of input runs in a process of its own with 3 GB, which is started again where an input ends it; the page is
opened on this computer alone for those that go over HTTP. Nothing leaves the machine. It stops by itself.

Of each kind: how many were tried, answered or refused in one sentence, how many gave a traceback of ours, a 5xx, or ended
their process, and the greatest memory and time that one took.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import hostile_inputs as inputs

ROOT = Path(__file__).parent.parent
MEMORY = 3_000_000_000  # bytes a process may hold
SECONDS = 20  # that one input may take without telling how far it is
PAGE = Path(tempfile.gettempdir()) / "hostile-page.log"
POCKET = ROOT / "models" / "pocket" / "vit"


# In the process of its own.


def _file(kind: str) -> Callable[[random.Random, Path], None]:
    def run(chance: random.Random, folder: Path) -> None:
        content = inputs.FILES[kind](chance)
        if kind == "image":
            from models.photo import open_photo

            open_photo(content)
            return
        from imagesets import load_set

        path = folder / f"a.{kind}"
        path.write_bytes(content)
        load_set(path, folders=False)

    return run


def _texts(chance: random.Random, folder: Path) -> None:
    from explain.classes.label_map import read_label_map
    from explain.classes.prompts import read_prompts

    classes, templates = inputs.texts(chance)
    if chance.random() < 0.5:
        read_label_map(classes, ("cat", "dog:"), ("cat", "a, b", "dog:"))
        return
    prompts = read_prompts(classes, templates)
    sum(
        len(text)
        for template in prompts.templates
        for each in prompts.texts(template)
        for text in each
    )


def _question(chance: random.Random, folder: Path) -> None:
    """Through the tabs' own callbacks, which answer or refuse within their answer."""
    from tabs import compare, explain, map, prompts

    asked = inputs.question(chance) if chance.random() < 0.9 else inputs.value(chance)
    photo = str(ROOT / "assets" / "toybox" / "realistic" / "cup_00.png")
    calls = (
        lambda: prompts.attempt(asked, None),
        lambda: prompts.pick(asked, None),
        lambda: prompts.preset(asked),
        lambda: map.look(asked, None),
        lambda: map.thumbs(asked, None),
        lambda: compare.labels(asked, None),
        lambda: explain.ask(asked, photo, "vit"),
        lambda: list(explain.ask_slowly(asked, photo, "vit")),
    )
    answer = chance.choice(calls)()
    for part in answer if isinstance(answer, list) else [answer]:
        if str(part.get("error", "")).startswith("Something went wrong"):
            raise RuntimeError(f"a mistake of ours: {asked!r:.300}")
        import orjson

        orjson.dumps(part)


def _name(chance: random.Random, folder: Path) -> None:
    from imagesets import load_set
    from models import load

    if chance.random() < 0.5:
        load_set(inputs.name(chance), 8, folders=False)
    else:
        load(inputs.name(chance), folders=False)


def _checkpoint(chance: random.Random, folder: Path) -> None:
    import shutil

    from models import load

    place = folder / f"model{chance.random()}"
    shutil.copytree(POCKET, place)
    file = chance.choice(sorted(place.glob("*config.json")) or [place / "config.json"])
    file.write_bytes(inputs.configuration(chance, json.loads(file.read_text())))
    weights = place / "model.safetensors"
    if chance.random() < 0.3:
        weights.write_bytes(inputs.spoilt(weights.read_bytes(), chance))
    try:
        model = load(str(place))
        model.classify([_photo()])
    finally:
        shutil.rmtree(place)


def _photo():
    from PIL import Image

    return Image.new("RGB", (64, 64))


HERE: dict[str, Callable[[random.Random, Path], None]] = {
    **{kind: _file(kind) for kind in inputs.FILES},
    "texts": _texts,
    "question": _question,
    "name": _name,
    "checkpoint": _checkpoint,
}


def work(kind: str, start: int, count: int, seed: int) -> None:
    """Run inputs from number `start` on, a line before and after each."""
    import resource
    import traceback

    os.environ["HF_HUB_OFFLINE"] = "1"
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory() as folder:
        for number in range(start, count):
            print(json.dumps({"at": number}), flush=True)
            began, how, trace = time.perf_counter(), "right", ""
            try:
                HERE[kind](random.Random(f"{seed} {kind} {number}"), Path(folder))
            except (ValueError, OSError) as error:
                how = "sentence" if is_sentence(error) else "traceback"
                trace = "" if how == "sentence" else traceback.format_exc()[-600:]
            except Exception:
                how, trace = "traceback", traceback.format_exc()[-600:]
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            told = {
                "how": how,
                "seconds": time.perf_counter() - began,
                "memory": most,
                "trace": trace,
            }
            print(json.dumps(told), flush=True)


def is_sentence(error: Exception) -> bool:
    """Whether an error is one sentence for people, and not the system's own."""
    text = str(error)
    return (
        getattr(error, "errno", None) is None
        and "\n" not in text
        and text.strip()[-1:] in tuple(".?)”")
    )


# Over HTTP.


def requests(address: str, chance: random.Random) -> Iterator[tuple[int, str]]:
    """One visit after another: (status, text) of each answer."""
    import httpx

    endpoints: tuple[str, ...] = (
        "classify",
        "explain",
        "score_prompts",
        "embedding_map",
        "compare",
        "prompts_attempt",
        "map_near",
    )
    endpoints += ("compare_look", "pick", "stop", "nothing", "show", "prompts_preset")
    with httpx.Client(base_url=address, timeout=60) as client:
        while True:
            name = chance.choice(endpoints)
            body: dict[str, Any] = {
                "data": [inputs.value(chance) for _ in range(chance.choice((0, 1, 2, 4, 8)))]
            }
            more: tuple[dict[str, Any], ...] = (
                {},
                {"session_hash": chance.choice(inputs.TEXTS)},
                {"fn_index": chance.randrange(90)},
            )
            body |= chance.choice(more)
            kind = chance.random()
            if kind < 0.3:
                path = chance.choice(
                    (
                        "file=http://127.0.0.1/",
                        "file=/etc/passwd",
                        "proxy=x",
                        "heartbeat/\ud83d",
                        "info",
                    )
                )
                answer = client.get("/gradio_api/" + path.encode("utf-8", "replace").decode())
            elif kind < 0.5:
                content = json.dumps(body).encode()
                answer = client.post(
                    "/gradio_api/queue/join", content=inputs.spoilt(content, chance)
                )
            elif kind < 0.6:
                files = {"files": ("a" * chance.choice((1, 300)), inputs.image(chance))}
                answer = client.post("/gradio_api/upload", files=files)
            else:
                answer = client.post(f"/gradio_api/call/{name}", content=json.dumps(body))
                number = answer.json().get("event_id") if answer.status_code == 200 else None
                for _ in range(chance.choice((1, 2)) if number else 0):  # the second is a replay
                    answer = client.get(f"/gradio_api/call/{name}/{number}")
            yield answer.status_code, answer.text


# In the process that counts.


@dataclass
class Count:
    """What came of one kind of input."""

    how: Counter[str] = field(default_factory=Counter)
    memory: int = 0
    seconds: float = 0.0
    traces: list[str] = field(default_factory=list)

    def add(self, how: str, seconds: float, memory: int, trace: str = "") -> None:
        self.how[how] += 1
        self.seconds, self.memory = max(self.seconds, seconds), max(self.memory, memory)
        self.traces += [trace] if trace else []


def run_here(kind: str, count: int, seed: int, end: float) -> Count:
    """`count` inputs of one kind, each process started again after the input that ended it."""
    found, start = Count(), 0
    while start < count and time.monotonic() < end:
        command = [
            sys.executable,
            "-m",
            "bench.hostile",
            "--work",
            kind,
            str(start),
            str(count),
            str(seed),
        ]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        start = _follow(process, found, start, end)
    return found


def _follow(process: subprocess.Popen, found: Count, start: int, end: float) -> int:
    """Read what a process tells; the number of the input to go on from."""
    at, began = start, None
    assert process.stdout
    while time.monotonic() < end:
        ready, _, _ = select.select([process.stdout], [], [], 6 * SECONDS)
        line = process.stdout.readline() if ready else b""
        if not line:
            break
        told = json.loads(line)
        if "at" in told:
            at, began = told["at"], time.monotonic()
        else:
            found.add(told["how"], told["seconds"], told["memory"], told["trace"])
            at, began = at + 1, None
    process.kill()
    process.wait()
    if began is not None and time.monotonic() < end:
        found.add("kill", time.monotonic() - began, 0, f"input {at} ended its process")
        return at + 1
    return at if time.monotonic() < end else 10**9


def run_page(count: int, seed: int, end: float) -> Count:
    """Requests to the page, whose process is watched; its log is looked through for tracebacks."""
    found = Count()
    with tempfile.TemporaryDirectory() as folder, PAGE.open("w") as log:
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
            visits = requests("http://127.0.0.1:7873", random.Random(seed))
            for _ in range(count):
                began = time.perf_counter()
                status, text = next(visits)
                how = (
                    "5xx"
                    if status >= 500
                    else "sentence"
                    if status >= 400 or "event: error" in text
                    else "right"
                )
                how = (
                    "no sentence"
                    if "event: error\ndata: null" in text or '"error": null' in text
                    else how
                )
                found.add(how, time.perf_counter() - began, _held(process.pid))
                if time.monotonic() > end or process.poll() is not None:
                    break
            if process.poll() is not None:
                found.add("kill", 0, 0)
        finally:
            process.terminate()
            process.wait()
    said = PAGE.read_text(errors="replace")
    found.how["traceback"] += said.count("Traceback (most recent call last)")
    found.traces += [said[-2000:]] if "Traceback" in said else []
    return found


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
    print("The page did not open; see", PAGE, flush=True)
    return False


def _held(pid: int) -> int:
    """The most memory a process has held so far, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def report(counts: dict[str, Count]) -> str:
    """The table, in Markdown."""
    lines = [
        "| kind | tried | right | one sentence | tracebacks | 5xx | kills | memory | longest |",
        "|" + "---|" * 9,
    ]
    for kind, count in counts.items():
        how = count.how
        tried = sum(how.values()) - (how["traceback"] if kind == "http" else 0)
        lines.append(
            f"| {kind} | {tried:,} | {how['right']:,} | {how['sentence']:,} | {how['traceback'] + how['no sentence']} | "
            f"{how['5xx']} | {how['kill']} | {count.memory / 1e9:.2f} GB | {count.seconds:.1f} s |"
        )
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--count", type=int, default=5000)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--minutes", type=float, default=20)
    options.add_argument("--kinds", nargs="*", default=[*HERE, "http"])
    options.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.work:
        kind, *numbers = chosen.work
        return work(kind, *map(int, numbers))
    os.nice(5)
    counts, each = {}, -(-chosen.count // len(chosen.kinds))
    for kind in chosen.kinds:
        end = time.monotonic() + 60 * chosen.minutes / len(chosen.kinds)
        run = (
            run_page(each, chosen.seed, end)
            if kind == "http"
            else run_here(kind, each, chosen.seed, end)
        )
        counts[kind] = run
        print(kind, dict(run.how), f"{run.memory / 1e9:.2f} GB, {run.seconds:.1f} s", flush=True)
        for trace in run.traces[:3]:
            print(trace, flush=True)
    print(report(counts))


if __name__ == "__main__":
    main()
