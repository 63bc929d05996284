"""Pictures: the right colours in the right place."""

import numpy as np
import pytest
from PIL import Image

from draw import MARGIN, OUTSIDE, colour, colour_range, overlay


@pytest.mark.parametrize(
    ("heat", "signed", "limits"),
    [
        ([[0.1, 0.4]], False, (0.0, 0.4)),
        ([[-2.0, 1.0]], True, (-2.0, 2.0)),
        ([[0.0, 0.0]], False, (0.0, 1.0)),
        ([[0.0, 0.0]], True, (-1.0, 1.0)),
        ([[np.nan, 1.0]], False, (0.0, 1.0)),
    ],
)
def test_range(heat, signed, limits):
    assert colour_range(np.array(heat), signed) == limits


def test_signed_colours_are_white_at_zero_and_even_on_both_sides():
    blue, white, red = colour(np.array([-3.0, 0.0, 3.0]), True, -3, 3).astype(int)
    assert white.min() > 240
    assert blue[2] > blue[0] + 50 and red[0] > red[2] + 50


def test_unsigned_colours_brighten_steadily():
    shades = colour(np.linspace(0, 1, 11), False, 0, 1) @ [0.299, 0.587, 0.114]
    assert (np.diff(shades) > 0).all()


def test_the_map_lies_where_the_model_looked():
    """A white photo twice as wide as high, seen in its middle half; the top right patch alone is hot."""
    photo = Image.new("RGB", (200, 100), (255, 255, 255))
    heat = np.array([[0.0, 1.0], [0.0, 0.0]])
    drawn = overlay(photo, heat, (0.25, 0, 0.75, 1), opacity=1.0, longest=200)
    pixels = np.asarray(drawn)[MARGIN : MARGIN + 100, MARGIN : MARGIN + 200]
    cold, hot = colour(np.array([0.0, 1.0]), False, 0, 1)
    np.testing.assert_array_equal(pixels[20, 120], hot)
    np.testing.assert_array_equal(pixels[20, 80], cold)
    np.testing.assert_array_equal(pixels[80, 120], cold)
    for outside in (pixels[50, 20], pixels[50, 180]):
        np.testing.assert_array_equal(outside, int(255 * OUTSIDE))


def test_opacity_blends_with_the_photo():
    photo = Image.new("RGB", (64, 64), (0, 0, 0))
    clear, half = (
        np.asarray(overlay(photo, np.ones((1, 1)), opacity=opacity, longest=64))[40, 40]
        for opacity in (0.0, 0.5)
    )
    assert clear.max() == 0
    hot = colour(np.ones(1), False, 0, 1)[0]
    np.testing.assert_allclose(half, hot / 2, atol=1)


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (2000, 1500)])
def test_any_photo_gets_a_picture_with_its_caption(size):
    caption = "Grad-CAM für «собака» × " + "x" * 5000 + " " + "word " * 500
    drawn = overlay(
        Image.new("RGB", size), np.zeros((2, 2)), signed=True, unit="logits", caption=caption
    )
    assert drawn.mode == "RGB" and max(drawn.size) < 800


def test_a_view_beyond_the_photo_is_cut():
    drawn = overlay(Image.new("RGB", (80, 40)), np.ones((2, 2)), (-0.1, -0.5, 1.1, 1.5), longest=80)
    assert drawn.width > 80
