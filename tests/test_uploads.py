"""Uploads on disk: bounded in number and bytes, and gone when their visitor has gone."""

import json
from types import SimpleNamespace

import pytest
from stub_gradio import refusal

from limits import GONE_SECONDS, UNUSED_SECONDS
from tabs.wiring import door, uploads
from tabs.wiring.visitors import Refused


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(time=1000.0)
    monkeypatch.setattr(uploads, "monotonic", lambda: now.time)
    return now


@pytest.fixture
def kept(tmp_path, monkeypatch, clock):
    """What has been uploaded, and a function that uploads."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    found = uploads.Uploads()

    def bring(name, size=10, owner="here"):
        path = tmp_path / f"digest-{name}" / name
        path.parent.mkdir()
        path.write_bytes(bytes(size))
        found.make_room(owner)
        found.brought(owner, json.dumps([str(path)]).encode())
        return path

    return found, bring


def ask(found, session, path):
    found.asked(session, {"data": [{"path": str(path), "meta": {}}]})


def test_an_upload_goes_when_its_visitor_has_gone(kept, clock):
    found, bring = kept
    mine, shared = bring("mine.zip"), bring("shared.zip")
    with found.visit("other"):
        with found.visit("me"):
            ask(found, "me", mine)
            ask(found, "me", shared)
            ask(found, "other", shared)
            clock.time += 100_000
            found.sweep()
            assert mine.exists() and shared.exists(), "the page is open"
        clock.time += GONE_SECONDS - 1
        found.sweep()
        assert mine.exists(), "a reload comes back"
        clock.time += 2
        found.sweep()
        assert not mine.exists() and not mine.parent.exists()
        assert shared.exists()
    clock.time += GONE_SECONDS + 1
    found.sweep()
    assert not shared.exists()


def test_an_upload_without_a_page_goes_after_a_while(kept, clock):
    found, bring = kept
    path = bring("a.zip")
    clock.time += UNUSED_SECONDS - 1
    ask(found, None, path)
    clock.time += UNUSED_SECONDS - 1
    found.sweep()
    assert path.exists()
    clock.time += 2
    found.sweep()
    assert not path.exists()


def test_uploads_are_bounded(kept, clock, monkeypatch):
    found, bring = kept
    monkeypatch.setattr(uploads, "UPLOADED_OF_ONE_ADDRESS", 100)
    monkeypatch.setattr(uploads, "UPLOADED_BYTES", 150)
    first = bring("first", 60)
    clock.time += 1
    bring("second", 60)
    with pytest.raises(Refused, match="Your network has uploaded"):
        bring("third", 60)
    clock.time += 1
    bring("fourth", 60, owner="elsewhere")
    found.sweep()
    assert not first.exists(), "the oldest makes room"
    assert found.make_room("here") is None


def test_an_upload_is_noted_at_the_door(visitor, monkeypatch):
    monkeypatch.setattr(uploads, "UPLOADS_OF_ONE_ADDRESS", 1)
    assert visitor.post("/gradio_api/upload", content=b"abc").status_code == 200
    refusal(visitor.post("/gradio_api/upload", content=b"abc"), 429)


def test_an_upload_is_counted_as_it_comes(visitor, monkeypatch):
    monkeypatch.setattr(door, "UPLOAD_BYTES", 1000)
    content = (b"x" * 100_000 for _ in range(20))
    refusal(visitor.post("/gradio_api/upload", content=content), 413)
