"""Tiny random checkpoints, saved as on the Hub and loaded as users load them, and a browser, shared by all tests."""

import os
import shutil
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import tiny
import torch
from PIL import Image
from starlette.testclient import TestClient
from stub_gradio import Stub
from tqdm import tqdm

import explain.shipped as embeddings
from models import load
from tabs.wiring import assets, shipped

# Not the lock that forked processes share: one that a test kills could keep it, and the next save would wait for ever.
tqdm.set_lock(threading.RLock())
torch.set_num_threads(1)  # tiny models: a second thread costs more than it brings


@pytest.fixture
def nothing_shipped(monkeypatch, tmp_path):
    """As if nothing shipped, and nothing was kept: every number is computed."""
    monkeypatch.setenv("HEADLIGHT_CACHE", str(tmp_path))
    monkeypatch.setattr(embeddings, "FILE", tmp_path / "missing")
    monkeypatch.setattr(shipped, "shipped", dict)


@pytest.fixture(scope="session")
def photo():
    """A landscape photo of noise: nothing in it is symmetric, so a swapped axis shows."""
    return Image.fromarray(np.random.default_rng(7).integers(0, 256, (50, 70, 3), np.uint8))


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    """A function: name of a tiny model → its checkpoint folder, written once."""
    root, written = tmp_path_factory.mktemp("tiny"), {}

    def folder(name):
        if name not in written:
            written[name] = tiny.TINY[name]().save(root / name)
        return written[name]

    return folder


@pytest.fixture(scope="session")
def tiny_model(tiny_folder):
    """A function: name of a tiny model → it, through `models.load` on the CPU."""
    return lambda name: load(tiny_folder(name), device="cpu")


@pytest.fixture
def point_at(monkeypatch, tmp_path):
    """A function: url → from now on the Hub is there, with an empty cache of its own and a token in reach."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setenv("HF_TOKEN", "hf_secret")

    def point(url):
        template = url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "ENDPOINT", url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)

    return point


CHROMIUM = os.environ.get("HEADLIGHT_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


@pytest.fixture(scope="module")
def chromium():
    """A headless Chromium; without one the test is skipped."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM:
        pytest.skip("no chromium here; install it or set HEADLIGHT_CHROMIUM")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The page, open on this machine."""
    import app

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("cache")))
        environment.setenv("HEADLIGHT_CACHE", str(tmp_path_factory.mktemp("features")))
        blocks = app.page()
        _, address, _ = app.launch(blocks, prevent_thread_lock=True, quiet=True)
        yield address
        blocks.close()


# What tests ask of the page's modules that nobody can see: `inside`, in the page under test.
INSIDE = """async (root) => {
    const of = (name) => import(`${root}/${name}.js`);
    const [explain, maps, prompts, map, mapColours, mapExport, compare, parts, { line }] = await Promise.all([
        "explain/state", "explain/maps", "prompts/state", "map/state", "map/colours", "map/export", "compare/state",
        "shared/parts", "shared/line",
    ].map(of));
    window.inside = { ...explain, maps, prompts, map, mapColours, mapExport, compare, parts, line };
}"""


@pytest.fixture
def open_page(chromium, address):
    """A function that opens the page as one more person; page errors and requests elsewhere fail the test."""
    trouble, people = [], []

    def outside(url):
        return [] if url.startswith((address, "data:", "blob:")) else [f"asked {url}"]

    def opened(**settings):
        person = chromium.new_context(**({"viewport": {"width": 1440, "height": 900}} | settings))
        people.append(person)
        page = person.new_page()
        page.on("pageerror", lambda error: trouble.append(f"page error: {error}"))
        page.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: trouble.extend(outside(request.url)))
        page.goto(address)
        page.evaluate(INSIDE, f"{address}{assets.ROOT}")
        return page

    yield opened
    for person in people:
        person.close()
    assert not trouble


@pytest.fixture
def queue():
    """Gradio's queue, with nothing in it."""
    return SimpleNamespace(event_queue_per_concurrency_id={}, active_jobs=[])


@pytest.fixture
def visitor(queue, tmp_path, monkeypatch):
    """Somebody before the door, with a stub in Gradio's place behind it."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    stub = Stub(queue)
    stub.folder = tmp_path
    with TestClient(stub, client=("10.1.2.3", 5)) as client:
        yield client
