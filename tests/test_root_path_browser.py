"""The page behind a proxy that serves it under a path of its own, as `https://example.org/light/`."""

import threading
import time

import pytest
import uvicorn

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

PREFIX = "/light"
DRAWN = """() => ["vit", "swin", "clip"].every((family) => document.querySelector(`#${family} .hl-canvas`)
    ?.getAttribute("aria-label")?.includes("Highest at row"))"""


def stripped(inner):
    """A proxy as an ASGI app: what lies below the prefix goes on without it, all else is not there."""

    async def proxy(scope, receive, send):
        if scope["type"] == "lifespan":
            return
        assert scope["type"] == "http"
        if not scope["path"].startswith(f"{PREFIX}/"):
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        path = scope["path"].removeprefix(PREFIX)
        await inner({**scope, "path": path, "raw_path": path.encode()}, receive, send)

    return proxy


@pytest.fixture
def below(tmp_path, monkeypatch):
    """The page's address under the prefix."""
    import app

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("HEADLIGHT_CACHE", str(tmp_path / "features"))
    blocks = app.page()
    inner, _, _ = app.launch(blocks, prevent_thread_lock=True, quiet=True, root_path=PREFIX)
    config = uvicorn.Config(stripped(inner), port=0, lifespan="off", log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}{PREFIX}/"
    server.should_exit = server.force_exit = True
    thread.join(10)
    blocks.close()


def test_the_page_works_below_a_prefix(chromium, below):
    person = chromium.new_context()
    page = person.new_page()
    trouble = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("response", lambda got: trouble.append(got.url) if got.status >= 400 else None)
    page.on(
        "request", lambda asked: trouble.append(asked.url) if outside(asked.url, below) else None
    )
    page.goto(below)
    page.wait_for_function(DRAWN, timeout=90_000)
    page.get_by_role("tab", name="Prompts").click()  # its modules come only now
    panel = page.get_by_role("tabpanel").filter(visible=True)
    playwright.expect(panel.get_by_text("%").first).to_be_visible(timeout=120_000)
    person.close()
    assert not trouble


def outside(url, below):
    return not url.startswith((below, "data:", "blob:"))
