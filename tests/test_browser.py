"""The page as people meet it, in a real Chromium. Every test fails on a page error or a request to another machine."""

import json
import re

import numpy as np
import pytest
from PIL import Image

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

FAMILIES = ("vit", "swin", "clip")


@pytest.fixture
def visit(open_page):
    """A function that opens the page as one more person, and waits for the three answers."""

    def opened(**settings):
        page = open_page(**settings)
        answered(page)
        return page

    return opened


def answered(page):
    """Wait until no column is waiting and the photo is drawn."""
    page.wait_for_function(
        """() => {
            const { columns, photo } = inside.state ?? { columns: {} };
            const all = Object.values(columns);
            return photo && all.length === 3 && all.every(({ answer, busy }) => answer && !busy
                && answer.photo === photo.key);
        }""",
        timeout=60_000,
    )
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def answers(page, family):
    return page.locator(f"#{family} .hl-answer").all_inner_texts()


def caption(page, family):
    return page.locator(f"#{family} figcaption").inner_text()


def colours(page, family):
    """How many colours a map's canvas has."""
    return page.locator(f"#{family} .hl-canvas").evaluate(
        """(canvas) => new Set(new Uint32Array(canvas.getContext("2d")
            .getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size"""
    )


def test_opening_shows_three_answers_and_three_maps(visit):
    page = visit()
    for family in FAMILIES:
        rows = answers(page, family)
        assert len(rows) == 5
        assert all(row.endswith("%") for row in rows)
        assert colours(page, family) > 100
        name = page.locator(f"#{family} .hl-canvas").get_attribute("aria-label")
        assert "Attention" in name
        assert "Highest at row" in name


def test_an_example_is_looked_at_by_all_three(visit):
    page = visit()
    before = [answers(page, family) for family in FAMILIES]
    page.get_by_role("button", name="a rocket").click()
    page.wait_for_function("inside.state.photo && inside.state.photo.height > 0")
    page.wait_for_timeout(300)
    answered(page)
    for family, old in zip(FAMILIES, before, strict=True):
        assert answers(page, family) != old


def test_layers_heads_and_methods_ask_nothing_of_python(visit):
    page = visit()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("slider", name="Layer").press("Home")
    for family in FAMILIES:
        playwright.expect(page.locator(f"#{family} figcaption")).to_contain_text("layer 1 of")
    page.get_by_role("slider", name="Head").press("ArrowRight")
    playwright.expect(page.locator("#vit figcaption")).to_contain_text("head 1 of")
    page.get_by_role("radio", name="Rollout").check()
    playwright.expect(page.locator("#swin figcaption")).to_contain_text("Rollout, layer 1 of")
    page.get_by_role("radio", name="Grad-CAM").check()
    playwright.expect(page.locator("#clip figcaption")).to_contain_text("Grad-CAM for")
    page.locator(".hl-strip").nth(1).locator(".hl-tile").nth(2).click()
    playwright.expect(page.locator("#vit figcaption")).to_contain_text("layer 3 of")
    assert not asked


def test_a_clicked_patch_is_asked_in_every_model(visit):
    page = visit()
    page.locator("#swin .hl-canvas").click()
    for family in FAMILIES:
        playwright.expect(page.locator(f"#{family} figcaption")).to_contain_text("pinned patch")
        page.wait_for_function(f"inside.state.columns.{family}.point.layers")
    page.keyboard.press("Escape")
    playwright.expect(page.locator("#vit figcaption")).not_to_contain_text("pinned patch")


def test_everything_a_mouse_does_keys_do_too(visit):
    page = visit()
    canvas = page.locator("#vit .hl-canvas")
    canvas.focus()
    reading = page.locator("#vit .hl-reading")
    page.keyboard.press("ArrowRight")  # the first key starts in the middle
    playwright.expect(reading).to_have_text(re.compile("^row 8, column 8: .* × an even share$"))
    page.keyboard.press("ArrowDown")
    playwright.expect(reading).to_have_text(re.compile("^row 9, column 8: .* × an even share$"))
    playwright.expect(page.locator("#swin .hl-reading")).to_contain_text("row")
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#clip figcaption")).to_contain_text("pinned patch")


def test_a_class_clicked_in_one_column_is_explained_in_all(visit):
    page = visit()
    page.get_by_role("radio", name="Grad-CAM").check()
    row = page.locator("#swin .hl-answer").nth(2)
    name = row.locator(".hl-label").inner_text()
    row.click()
    for family in FAMILIES:
        playwright.expect(page.locator(f"#{family} figcaption")).to_contain_text(f"“{name}”")
    playwright.expect(row).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Class to explain", exact=True).fill("unicorn")
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#vit .hl-remarks")).to_contain_text("no class “unicorn”")


def test_hostile_and_endless_texts_stay_texts(visit):
    page = visit()
    page.locator("#clip .hl-classes button").first.click()
    page.get_by_label("CLIP's class names").fill(
        f"<img src=x onerror=alert(1)>\n{'endless' * 120}\n\ncat"
    )
    playwright.expect(page.locator("#clip .hl-classes button").first).to_have_text(
        "Must pick one of 3"
    )
    answered(page)
    assert any(row.startswith("<img src=x") for row in answers(page, "clip"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("Templates of CLIP's texts").fill("no place for a name")
    playwright.expect(page.locator("#clip .hl-notice")).to_contain_text("has no {}")


def test_what_is_chosen_by_keyboard_is_outlined_and_a_tick_is_seen(visit):
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme)
        page.get_by_role("radio", name="Attention").focus()
        page.keyboard.press("ArrowDown")
        method = page.locator(".hl-method", has_text="Rollout")
        assert method.evaluate("(node) => getComputedStyle(node).outlineStyle") == "solid"
        box = page.locator(".hl-check input")
        before = box.screenshot()
        box.check()
        page.keyboard.press("Escape")
        assert box.evaluate("(node) => getComputedStyle(node).appearance") == "auto"
        assert box.screenshot() != before


def test_letting_a_patch_go_brings_the_method_back(visit):
    page = visit()
    page.get_by_role("radio", name="Grad-CAM").check()
    playwright.expect(page.locator("#vit .hl-reading")).to_contain_text("see its attention instead")
    page.evaluate("inside.pin({ x: 0.5, y: 0.5 })")
    page.evaluate("inside.pin({ x: 0.2, y: 0.5 })")
    playwright.expect(page.get_by_role("radio", name="Attention")).to_be_checked()
    page.keyboard.press("Escape")
    playwright.expect(page.get_by_role("radio", name="Grad-CAM")).to_be_checked()


def test_integrated_gradients_run_and_can_be_stopped(visit):
    page = visit()
    page.get_by_role("radio", name="Integrated gradients").check()
    page.locator("#vit").get_by_role("button", name="Cancel").click()
    playwright.expect(page.locator("#vit .hl-notice")).to_contain_text("stopped")
    page.wait_for_function("inside.state.columns.clip.slow.state === 'done'", timeout=60_000)
    page.locator("#vit").get_by_role("button", name="Run").click()
    page.wait_for_function("inside.state.columns.vit.slow.state === 'done'", timeout=60_000)
    playwright.expect(page.locator("#vit .hl-remarks")).to_contain_text("convergence delta")


def test_integrated_gradients_start_again_right_after_a_stop(visit):
    page = visit()
    page.get_by_role("radio", name="Integrated gradients").check()
    slow = "inside.state.columns.vit.slow"
    page.wait_for_function(f"{slow}.done > 0 || {slow}.state === 'done'")
    if page.evaluate(f"{slow}.state") == "running":
        page.evaluate("""() => {
            const { columns } = inside.state;
            inside.stopSlowly(columns.vit);
            inside.askSlowly(columns.vit);
        }""")
    page.wait_for_function(f"{slow}.state === 'done'", timeout=60_000)


def test_an_unreachable_checkpoint_troubles_its_own_column_only(visit, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    page = visit()
    page.get_by_label("Swin checkpoint").select_option(label="Another from the Hub…")
    page.get_by_label("Hub id of a Swin").fill("not an id")
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#swin .hl-notice")).to_contain_text(
        "is not a model Headlight knows"
    )
    assert len(answers(page, "vit")) == 5
    with page.expect_request(lambda request: "queue/join" in request.url):
        page.locator("#swin").get_by_role("button", name="Try again").click()
    playwright.expect(page.locator("#swin .hl-notice")).to_contain_text("is not a model")
    page.locator("#swin").get_by_label("Back to the list of checkpoints").click()
    answered(page)


def test_a_file_that_is_no_picture_gets_one_sentence(visit, tmp_path):
    page = visit()
    fake = tmp_path / "fake.png"
    fake.write_text("no picture")
    page.locator("#photo input[type=file]").set_input_files(fake)
    playwright.expect(page.get_by_role("alert")).to_contain_text("not an image we can read")
    page.get_by_role("button", name="a rocket").click()
    playwright.expect(page.get_by_role("alert")).to_be_hidden()
    answered(page)


def test_what_is_taken_away_is_what_was_shown(visit, tmp_path):
    page = visit()
    page.locator("#clip .hl-canvas").click()
    page.wait_for_function("inside.state.columns.clip.point?.layers")
    kept = {}
    for name, ending in (("Picture (PNG)", "png"), ("Arrays (NPZ)", "npz")):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        kept[ending] = tmp_path / f"taken.{ending}"
        download.value.save_as(kept[ending])
    assert Image.open(kept["png"]).size[0] > 1900
    arrays = np.load(kept["npz"])
    about = json.loads(str(arrays["about"]))
    assert about["models"]["clip"]["checkpoint"] == "pocket-clip"
    layers = about["models"]["vit"]["layer"]
    heads, rows, cols = arrays["vit_attention_01"].shape
    assert arrays["vit_rollout"].shape == (layers, rows, cols)
    np.testing.assert_allclose(  # the mean stands first
        arrays["vit_attention_01"][1:].mean(0), arrays["vit_attention_01"][0], atol=1e-6
    )
    assert heads > 1
    assert f"clip_patch_attention_{about['models']['clip']['layer']:02}" in arrays.files


def test_a_phone_in_the_dark(visit):
    page = visit(viewport={"width": 360, "height": 740}, color_scheme="dark", has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.body.classList.contains('dark')")
    page.locator("#clip .hl-canvas").scroll_into_view_if_needed()
    playwright.expect(page.get_by_role("slider", name="Layer")).to_be_in_viewport()
    assert page.locator("#clip .hl-canvas").bounding_box()["width"] > 280
    page.locator("#clip .hl-canvas").tap()
    playwright.expect(page.locator("#clip figcaption")).to_contain_text("pinned patch")


def test_two_people_see_their_own_photos(visit, tmp_path):
    pages = [visit(), visit()]
    for page, colour in zip(pages, ("red", "blue"), strict=True):
        Image.new("RGB", (64, 64), colour).save(tmp_path / f"{colour}.png")
        page.locator("#photo input[type=file]").set_input_files(tmp_path / f"{colour}.png")
    for page, (red, _green, blue) in zip(pages, ((254, 0, 0), (0, 0, 254)), strict=True):
        page.wait_for_function("inside.state.photo?.width === 64")
        answered(page)
        page.get_by_role("slider", name="Map over photo").press("Home")
        page.wait_for_timeout(100)
        seen = page.locator("#vit .hl-canvas").evaluate(
            "(c) => [...c.getContext('2d').getImageData(c.width / 2, c.height / 2, 1, 1).data]"
        )
        assert abs(seen[0] - red) < 8
        assert abs(seen[2] - blue) < 8


def test_the_screen_reader_hears_every_control(visit):
    page = visit()
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll(".hl :is(button, input, select, textarea, canvas[tabindex])")]
            .filter((node) => node.offsetParent && !(node.ariaLabel || node.textContent.trim() || node.labels?.length
                || node.querySelector("img[alt]")))
            .filter((node) => !node.disabled)
            .map((node) => node.outerHTML.slice(0, 200))"""
    )
    assert unnamed == []
