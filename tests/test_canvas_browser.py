"""The maps that people look at, pixel by pixel: known numbers over a known photo, drawn by the page and by draw.py.

Everything lies on whole pixels (a photo of 320 × 240 shown at that size, patches of 80 × 90), so nothing is resampled and
every pixel is compared, edges included. The page greys the photo under a map, in full from an opacity of 2/3 on, and draw.py
does not: so draw.py is given a grey photo for what the model sees and the photo itself for the rest.

Seen to fail with red and blue swapped in the shades, with a map's rows and columns swapped, with the view taken as the
whole photo (in the canvas, or by the part that calls it), and with a signed map's sign turned.
"""

import base64
import io

import numpy as np
import pytest
from PIL import Image

import draw
from tabs.wiring.packing import packed

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

WIDTH, HEIGHT = 320, 240
VIEW = (0.125, 0.25, 0.875, 1.0)  # a crop without a symmetry: 240 × 180 pixels from (40, 60)
OPACITY = 0.8
LEVELS = 2  # of 255: a browser blends in whole levels, once for the grey, once for the map, once for what lies outside

EVEN = np.array(
    [[0.05, 0.10, 0.15], [0.20, 0.25, 0.25]]
)  # shares; the highest is there twice, so none is clipped
SIGNED = np.array([[1.0, -0.6, 0.3], [-0.2, 0.05, -0.9]])  # logits

# Hand a tab what Python would send it: a photo, then a model's answer about it.
EXPLAIN = """async ({ answer, src, width, height, opacity }) => {
    const { tab, pictures, set, state } = inside;
    tab.hearers.picture({ key: answer.photo, src, width, height });
    while (!pictures.has(answer.photo)) await new Promise((done) => setTimeout(done, 20));
    state.columns.vit.answer = null;
    tab.hearers.look_vit(answer);
    set({ opacity });
}"""
SIZED = """async ([selector, width, height]) => {
    const canvas = document.querySelector(selector);
    Object.assign(canvas.parentElement.style, { width: `${width}px`, height: `${height}px`, aspectRatio: "auto" });
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    while (canvas.width !== width || canvas.height !== height) await frame();
    await frame();
    await frame();
    return canvas.toDataURL();
}"""


@pytest.fixture(scope="module")
def known_photo():
    """Noise in colour, of the size it is shown at: a shift by one pixel or a swapped channel shows."""
    noise = np.random.default_rng(11).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    return Image.fromarray(noise)


def answer():
    """An answer about that photo as tabs/explain/answers.py packs it; one layer, one head."""
    return {
        "photo": "known",
        "base": "known pocket-vit",
        "model": "pocket-vit",
        "view": VIEW,
        "labels": ["cat", "dog"],
        "top": [{"index": 0, "label": "cat", "probability": 0.75}],
        "target": {"index": 0, "label": "cat", "probability": 0.75, "known": True},
        "no_answer": "",
        "score": 1.0,
        "layers": 1,
        "readout": "[CLS]",
        "notes": [],
        "maps": {"rollout": packed(EVEN[None]), "gradcam": packed(SIGNED) | {"note": ""}},
        "attention": [packed(np.stack([EVEN, EVEN]))],
    }


def address_of(photo):
    """Without loss, as a data: address."""
    file = io.BytesIO()
    photo.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def drawn(page, selector):
    """(rows, cols, 3): a canvas of the page, shown at the size of the photo."""
    address = page.evaluate(SIZED, [selector, WIDTH, HEIGHT])
    picture = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
    assert picture.size == (WIDTH, HEIGHT)
    return np.asarray(picture.convert("RGB")).astype(int)


def expected(photo, heat, signed):
    """(rows, cols, 3): what draw.py makes of the same numbers."""
    grey = photo.convert("L").convert("RGB")
    outside, inside = (
        np.asarray(draw.laid_over(each, heat, VIEW, signed, OPACITY, longest=WIDTH)).astype(int)
        for each in (photo, grey)
    )
    left, top, right, bottom = (
        round(part * side) for part, side in zip(VIEW, (WIDTH, HEIGHT) * 2, strict=True)
    )
    outside[top:bottom, left:right] = inside[top:bottom, left:right]
    return outside


@pytest.fixture
def explain_page(open_page, known_photo):
    """The Explain tab with the known photo and ViT's known answer."""
    page = open_page()
    page.wait_for_function(
        "inside.state.photo && inside.state.columns.vit.answer && !inside.state.columns.vit.busy",
        timeout=60_000,
    )
    told = {"answer": answer(), "src": address_of(known_photo), "opacity": OPACITY}
    page.evaluate(EXPLAIN, told | {"width": WIDTH, "height": HEIGHT})
    return page


@pytest.mark.parametrize(
    ("method", "heat", "signed"),
    [("Attention", EVEN, False), ("Rollout", EVEN, False), ("Grad-CAM", SIGNED, True)],
)
def test_explain_draws_the_numbers_as_python_does(explain_page, known_photo, method, heat, signed):
    explain_page.get_by_role("radio", name=method).check()
    found = drawn(explain_page, "#vit .hl-canvas")
    assert np.abs(found - expected(known_photo, heat, signed)).max() <= LEVELS
