"""A temporary disk that is full when the page starts, and while it runs: the page opens, and says so once."""

import errno
import logging
import os
from pathlib import Path

import gradio as gr
import httpx
import pytest
from PIL import Image
from stub_gradio import refusal

import app
from tabs.wiring import disk
from tabs.wiring.photo import PhotoOutput


@pytest.fixture
def full(tmp_path, monkeypatch):
    """From now on the temporary folder takes nothing more; a function that makes room again."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    monkeypatch.setattr(disk, "_said", [])
    taken = [True]

    def refusing(real, writes):
        def call(path, *given, **named):
            inside = isinstance(path, str | Path) and Path(path).is_relative_to(folder)
            if taken and inside and writes(*given):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            return real(path, *given, **named)

        return call

    monkeypatch.setattr(os, "mkdir", refusing(os.mkdir, lambda *_: True))
    creates = refusing(os.open, lambda flags=0, *_: bool(flags & os.O_CREAT))
    monkeypatch.setattr(os, "open", creates)
    return taken.clear


def test_the_page_opens_and_says_it_once(full, caplog):
    caplog.set_level(logging.WARNING)
    blocks = app.page()
    _, address, _ = app.launch(blocks, prevent_thread_lock=True, quiet=True)
    try:
        with httpx.Client(base_url=address, timeout=60) as client:
            assert "Headlight" in client.get("").text
            file = {"files": ("photo.png", b"123")}
            for _ in range(2):
                assert refusal(client.post("gradio_api/upload", files=file), 507) == disk.FULL
            full()
            assert client.post("gradio_api/upload", files=file).status_code == 200
    finally:
        blocks.close()
    (said,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "takes nothing more" in said.getMessage() and not said.exc_info


def test_an_overlay_that_cannot_be_kept_is_one_sentence(full):
    with pytest.raises(gr.Error, match="disk is full") as caught:
        PhotoOutput(format="png").postprocess(Image.new("RGB", (8, 8)))
    assert not caught.value.print_exception


def test_other_errors_of_the_disk_are_not_hidden(full, monkeypatch):
    def broken(*_):
        raise OSError(errno.EIO, "a broken disk")

    monkeypatch.setattr(gr.Image, "postprocess", broken)
    with pytest.raises(OSError, match="a broken disk"):
        PhotoOutput(format="png").postprocess(Image.new("RGB", (8, 8)))
