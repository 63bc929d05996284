"""Pictures of 25 megapixels: few are decoded at once, none twice, and work on them can be stopped between two."""

import io
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from explain import features
from models import photo
from tabs.map import answers, sheets
from tabs.wiring import kept
from tabs.wiring.listening import Stopped


def png(shade=0):
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (shade, 0, 0)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def decoding(monkeypatch):
    """How many pictures are being decoded, each time one begins."""
    seen, now, lock = [], [0], threading.Lock()

    def slowly(image):
        with lock:
            now[0] += 1
            seen.append(now[0])
        time.sleep(0.05)
        with lock:
            now[0] -= 1
        return 1

    monkeypatch.setattr(photo, "_orientation", slowly)
    return seen


def at_once(call, given):
    with ThreadPoolExecutor(len(given)) as people:
        return list(people.map(call, given))


def test_few_large_pictures_are_decoded_at_once(decoding, monkeypatch):
    monkeypatch.setattr(photo, "LARGE_PIXELS", 64)
    at_once(photo.open_photo, [png(shade) for shade in range(8)])
    assert len(decoding) == 8 and max(decoding) <= 2
    del decoding[:]
    monkeypatch.setattr(photo, "LARGE_PIXELS", 65)
    at_once(photo.open_photo, [png(shade) for shade in range(8)])
    assert max(decoding) > 2, "small ones wait for nobody"


def test_three_columns_decode_a_photo_once(decoding):
    content = png(200)
    photos = at_once(kept.opened, [content] * 3)
    assert len(decoding) == 1 and len({id(each) for each in photos}) == 1


class Large:
    """A model of pictures that take a megabyte each."""

    def __init__(self):
        self.made = 0

    def pixels(self, contents):
        self.made += 1
        return torch.zeros(1, 3, 1, 87_382)


def test_a_batch_has_a_size_in_bytes(monkeypatch):
    monkeypatch.setattr(features, "PIXEL_BYTES", 4_200_000)
    model, items = Large(), [SimpleNamespace(content=b"", digest=str(n)) for n in range(21)]
    sizes, taken = [], 0
    for batch in features._batches(model, items, {}, lambda: None):
        sizes.append(len(batch))
        taken += len(batch)
        assert model.made <= taken + 12, "three batches ahead at most"
    assert sizes == [4, 4, 4, 4, 4, 1]


def test_large_pictures_are_told_of_one_by_one(monkeypatch):
    monkeypatch.setattr(features, "TOLD", -1)
    items = [SimpleNamespace(content=b"", digest=str(n)) for n in range(10)]
    told = []
    list(features._batches(Large(), items, {}, lambda: told.append(1)))
    assert len(told) == 11, "before each picture, and before the batch"


def test_more_numbers_than_fit_are_one_sentence(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setenv("HEADLIGHT_CACHE", str(tmp_path))
    model = tiny_model("vit")
    items = [SimpleNamespace(content=png(n), digest=str(n)) for n in range(9)]
    (found,) = features.encode_spaces(model, items, [("mean", None)])
    width = found.features.shape[1]
    monkeypatch.setattr(features, "EMBEDDED_BYTES", 4 * width * 5)
    more = [SimpleNamespace(content=png(n), digest=f"new {n}") for n in range(9)]
    with pytest.raises(ValueError, match=r"9 pictures are too many for it\. Draw 5 or fewer\.$"):
        features.encode_spaces(model, more, [("mean", None)])


def test_a_stop_ends_the_making_of_small_pictures(monkeypatch):
    made = []
    monkeypatch.setattr(sheets, "_tile", lambda item: made.append(item) or 128)
    monkeypatch.setattr(answers, "_items", lambda asked: ([0] * 9, list(range(9))))

    def progress(step):
        if len(made) == 3:
            raise Stopped

    with pytest.raises(Stopped):
        answers.thumbnails(None, progress)
    assert len(made) == 3
