"""A method is a file and an entry of METHODS: the page draws it without being told of it."""

import sys
from types import ModuleType

import numpy as np
import pytest

from explain import METHODS, Method

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


def whole(trace):
    """A share for every patch, the first twice as large."""
    import torch

    found = torch.ones(trace.features_grid)
    found[0, 0] = 2
    return found / found.sum(), "Nothing is learned from this."


def layered(trace, layer=None):
    """A logit for every patch, larger in later layers."""
    return whole(trace)[0] - 0.5 * (layer + 1)


def slow(trace, model, image, progress):
    progress(0.5)
    return layered(trace, 0)


def refusing(trace):
    raise ValueError("This model has no such thing.")


def entry(function, takes=(), **more):
    words = {"means": "What it means.", "cannot": "What it cannot."}
    paper = ("Somebody 2026", "https://example.org")
    key = f"invented_{function.__name__}"
    title = f"Invented {function.__name__}"
    return Method(
        key=key,
        title=title,
        short="for a test",
        takes=frozenset(takes),
        paper=paper,
        **words,
        **more,
    )


INVENTED = [
    (whole, entry(whole, signed=False, unit="share")),
    (layered, entry(layered, {"layer"}, signed=True, unit="logit", follows_target=True)),
    (
        slow,
        entry(slow, {"model", "image", "progress"}, signed=True, unit="logit", needs_model=True),
    ),
    (refusing, entry(refusing, signed=False, unit="share")),
]


@pytest.fixture(scope="module", autouse=True)
def invented():
    with pytest.MonkeyPatch.context() as patch:
        for function, method in INVENTED:
            module = ModuleType(method.key)
            setattr(module, method.key, function)
            patch.setitem(sys.modules, f"explain.attribution.{method.key}", module)
            patch.setitem(METHODS, method.key, method)
        yield


def shown(page, family="vit"):
    return page.evaluate(f"inside.maps.current(inside.state.columns.{family})")


def choose(page, key):
    page.get_by_role("radio", name=METHODS[key].title).check()


def test_it_is_drawn_with_its_words_and_numbers(open_page):
    page = open_page()
    page.wait_for_function("inside.state.columns.swin?.answer")
    page.wait_for_function("inside.state.columns.vit.answer")
    column = page.locator("#vit")

    choose(page, "invented_whole")
    playwright.expect(page.get_by_role("radio", name="Invented whole")).to_be_checked()
    playwright.expect(column).to_contain_text("Invented whole")
    playwright.expect(column).to_contain_text("whole model, for any class")
    playwright.expect(column).to_contain_text("Nothing is learned from this.")
    playwright.expect(page.locator(".block.hl-explain_notes")).to_contain_text("What it cannot.")
    found = shown(page)
    values = np.array(found["values"])
    assert found["signed"] is False and len(values) == found["rows"] * found["cols"]
    np.testing.assert_allclose(values[0] / values[1:], 2, rtol=1e-5)
    assert values.mean() == pytest.approx(1, rel=1e-5)  # multiples of an even share

    choose(page, "invented_layered")
    for layer, depth in ((0, 0), (2, 0.4)):
        page.evaluate(f"inside.set({{ depth: {depth} }})")
        playwright.expect(column).to_contain_text(f"layer {layer + 1} of 6; its probability")
        values = shown(page)["values"]
        assert values[1] == pytest.approx(1 / (len(values) + 1) - 0.5 * (layer + 1), rel=1e-4)
    title = column.locator("figcaption").first
    playwright.expect(title).to_contain_text("Invented layered for “")

    choose(page, "invented_slow")
    page.wait_for_function("inside.state.columns.vit.slow?.state === 'done'")
    assert shown(page)["values"][1] < 0
    choose(page, "integrated_gradients")
    playwright.expect(column.locator(".hl-notice")).to_contain_text("Integrated gradients:")
    page.wait_for_function(
        "inside.state.columns.vit.slow.method === 'integrated_gradients' && inside.state.columns.vit.slow.state === 'done'",
        timeout=60_000,
    )

    choose(page, "invented_refusing")
    playwright.expect(column.locator(".hl-notice p")).to_have_text("This model has no such thing.")


def test_relevance_prints_the_sum_that_is_the_score(open_page):
    page = open_page()
    page.wait_for_function("inside.state.columns.vit.answer", timeout=120_000)
    choose(page, "relevance")
    page.wait_for_function(
        "inside.state.columns.vit.slow?.method === 'relevance' && inside.state.columns.vit.slow.state === 'done'",
        timeout=120_000,
    )
    column = page.locator("#vit")
    playwright.expect(column).to_contain_text("Relevance for “")
    playwright.expect(column).to_contain_text("The patches sum to ")
    found = shown(page)
    assert found["signed"] is True and len(found["values"]) == found["rows"] * found["cols"]
    offered = page.get_by_role("radio").evaluate_all("all => all.map((each) => each.value)")
    hidden = {key for key, method in METHODS.items() if not method.on_page}
    assert "relevance" in offered and not hidden & set(offered)
