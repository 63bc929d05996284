"""What a model sees and what it must pick from, in a real Chromium."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from models import CATEGORIES
from tabs.explain.examples import examples

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect if playwright else None

MODELS = ("ViT", "Swin", "CLIP")


def test_each_column_shows_the_square_that_its_model_gets(open_page):
    """Beside the photo stand the very pixels, as the photo resized by Pillow says independently."""
    page = open_page()
    page.get_by_role("button", name="What the model sees").first.click()
    photo = Image.open(examples()[0].path).convert("RGB")
    wanted = np.asarray(photo.resize((112, 112), Image.Resampling.BILINEAR), float)
    for title in MODELS:
        column = page.get_by_role("region", name=title, exact=True)
        square = column.get_by_role("img", name=f"That part as {title} gets it")
        expect(square).to_be_visible(timeout=60_000)
        cut = "28 × 28 patches of 4 × 4" if title == "Swin" else "14 × 14 patches of 8 × 8"
        says = f"squeezed into a square: 112 × 112 pixels, cut into {cut} pixels."
        expect(column.get_by_text(says)).to_be_visible()
        encoded = square.get_attribute("src").partition(",")[2]
        seen = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB"), float)
        assert seen.shape == wanted.shape
        assert (
            np.abs(seen - wanted).mean() < 6
        )  # JPEG, and libraries that resize a little otherwise


@pytest.mark.parametrize("title", ["ViT", "Swin"])
def test_a_column_says_what_its_model_must_pick_from(open_page, title):
    page = open_page()
    column = page.get_by_role("region", name=title, exact=True)
    choices = column.get_by_role("button", name=f"Must pick one of {len(CATEGORIES)}")
    expect(choices).to_be_visible(timeout=60_000)
    choices.click()
    expect(column.get_by_text(", ".join(CATEGORIES), exact=True)).to_be_visible()
    expect(column.get_by_text("It cannot say “none of these”.")).to_be_visible()
    column.get_by_role("button", name="Done").press("Escape")
    expect(choices).to_be_focused()
    expect(column.get_by_text(", ".join(CATEGORIES), exact=True)).to_be_hidden()
