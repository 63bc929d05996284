"""The Map tab as people meet it. Every test fails on a page error or a request to another machine."""

import csv
import io
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

TOYBOX = Path(__file__).parent.parent / "assets" / "toybox"
CALM = """['vit', 'swin', 'clip'].every((family) => {
    const { busy, map, error } = inside.map.state.columns[family];
    return !busy && (map || error) && (error || !inside.mapExport.scatters[family].moving);
}) && !inside.map.state.preparing"""


@pytest.fixture
def visit(open_page):
    """A function that opens the tab as one more person, and waits for the maps of the toybox."""

    def opened(**settings):
        page = open_page(**settings)
        page.get_by_role("tab", name="Map").click()
        calm(page)
        page.locator(".hl-mapping").get_by_label("Pictures", exact=True).select_option("toybox")
        calm(page)
        page.wait_for_function("inside.map.state.prompts.marks.length")
        return page

    return opened


def calm(page):
    page.wait_for_timeout(300)  # a slider waits a moment before it asks
    page.wait_for_function(CALM, timeout=90_000)


def spot(page, family, index):
    """Where a point is on the screen."""
    canvas = page.locator(f'.hl-map_column [data-family="{family}"] .hl-scatter-top')
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    at = page.evaluate(f"inside.mapExport.scatters.{family}.at({index})")
    return box["x"] + at["x"], box["y"] + at["y"]


def points(page, family):
    return page.evaluate(f"Array.from(inside.map.state.columns.{family}.map.points)")


def test_it_opens_on_pictures_that_the_models_disagree_about(open_page):
    page = open_page()
    page.get_by_role("tab", name="Map").click()
    calm(page)
    assert page.evaluate("inside.map.state.ready.conditions").count("noisy") == 1
    right = page.evaluate(
        "['vit', 'swin', 'clip'].map((family) => inside.map.state.ready.models[family].accuracy)"
    )
    assert all(0.2 < share < 0.9 for share in right)


def test_three_maps_with_what_they_are_worth(visit):
    page = visit()
    for family in ("vit", "swin", "clip"):
        column = page.locator(f'.hl-map_column [data-family="{family}"]')
        playwright.expect(column).to_contain_text(re.compile(r"trustworthiness [01]\.\d\d"))
        playwright.expect(column).to_contain_text(re.compile(r"same-label neighbours \d+\.\d %"))
        assert len(points(page, family)) == 640
    assert page.evaluate("inside.map.state.prompts.marks.length") == 8
    playwright.expect(page.locator(".block.hl-map_notes")).to_contain_text("What it cannot")


def test_pointing_at_a_picture_shows_it_in_all_maps(visit):
    page = visit()
    index = page.evaluate(
        "(() => { const s = inside.mapExport.scatters.vit; for (let i = 0; i < 320; i++) "
        "{ const a = s.at(i); if (s.nearest(a.x, a.y) === i) return i; } })()"
    )
    page.mouse.move(*spot(page, "vit", index))
    page.wait_for_function(f"inside.map.state.hover === {index}")
    for family in ("swin", "clip"):
        assert page.evaluate(f"inside.mapExport.scatters.{family}.hovered") == index
    label = page.evaluate(f"inside.map.state.ready.classes[inside.map.labelOf({index})]")
    playwright.expect(page.locator(".hl-scatter-card").first).to_contain_text(label)


def test_a_click_selects_and_explain_opens_it(visit):
    page = visit()
    page.mouse.click(*spot(page, "vit", 100))
    page.wait_for_function("inside.map.state.chosen.length === 1")
    (chosen,) = page.evaluate("inside.map.state.chosen")
    card = page.locator(".block.hl-map_chosen")
    playwright.expect(card.locator(".hl-near")).to_have_count(3)
    playwright.expect(card.locator(".hl-near").first.locator(".hl-map-tile")).to_have_count(8)
    name = page.evaluate(f"inside.map.state.ready.names[inside.map.placeOf({chosen})]")
    playwright.expect(card).to_contain_text(name)
    before = page.evaluate("inside.state.photo?.key ?? ''")
    card.get_by_role("button", name="Open in Explain").click()
    playwright.expect(page.get_by_role("tab", name="Explain")).to_have_attribute(
        "aria-selected", "true"
    )
    page.wait_for_function(
        """(before) => {
            const { columns, photo } = inside.state;
            return photo && photo.key !== before && Object.values(columns).every(({ answer, busy }) => !busy && answer?.photo === photo.key);
        }""",
        arg=before,
        timeout=60_000,
    )
    uploaded = page.evaluate("inside.state.photo.width")
    assert uploaded == Image.open(TOYBOX / name).width


def test_a_lasso_takes_what_lies_inside(visit):
    page = visit()
    canvas = page.locator(".hl-scatter-top").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    left, right = box["x"] + 3, box["x"] + box["width"] / 2
    top, bottom = box["y"] + 3, box["y"] + box["height"] - 3
    page.get_by_role("button", name="Lasso").first.click()
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
        page.mouse.move(x, y, steps=6)
    page.mouse.up()
    chosen = page.evaluate("inside.map.state.chosen.slice().sort((a, b) => a - b)")
    inside = page.evaluate(
        f"""[...Array(320).keys()].filter((i) => {{
            const {{ x, y }} = inside.mapExport.scatters.vit.at(i);
            return x > 3 && x < {box["width"] / 2} && y > 3 && y < {box["height"] - 3};
        }})"""
    )
    assert 0 < len(chosen) < 320
    assert len(set(chosen) ^ set(inside)) <= 2  # on the line itself
    playwright.expect(page.locator(".block.hl-map_chosen")).to_contain_text(
        f"{len(chosen)} pictures selected"
    )
    page.keyboard.press("Escape")
    page.wait_for_function("inside.map.state.chosen.length === 0")


def test_layers_and_methods_move_the_points(visit):
    page = visit()
    last = points(page, "vit")
    slider = page.locator(".hl-layer-row input")
    slider.fill("0")
    calm(page)
    first = points(page, "vit")
    assert first != last
    playwright.expect(page.locator(".hl-scatter-heading").first).to_have_text(
        re.compile("layer 1 of")
    )
    playwright.expect(page.locator(".hl-prompt-says")).to_contain_text("joint space")
    slider.fill(slider.get_attribute("max"))
    calm(page)
    assert points(page, "vit") == last
    page.get_by_role("button", name="PCA").click()
    calm(page)
    assert points(page, "vit") not in (first, last)
    playwright.expect(page.locator(".block.hl-map_notes h2")).to_have_text(re.compile("^PCA"))


def test_prompts_move_and_answers_follow(visit):
    page = visit()
    before = page.evaluate("inside.map.state.prompts.marks")
    answers = page.evaluate("inside.map.state.ready.models.clip.answers")
    field = page.get_by_label("CLIP's templates on its map")
    field.fill("No {}, no score.")
    page.wait_for_function(
        f"inside.map.state.prompts.marks[0]?.x !== {before[0]['x']} && inside.map.state.prompts.marks.length"
    )
    assert page.evaluate("inside.map.state.ready.models.clip.answers") != answers
    field.fill("no place")
    playwright.expect(page.locator(".hl-prompt-says")).to_contain_text("Line 1 has no {}")
    field.fill("a photo of a {}")
    page.wait_for_function(f"inside.map.state.prompts.marks[0]?.x === {before[0]['x']}")


def test_a_prompt_shows_the_pictures_nearest_to_it(visit):
    page = visit()
    mark = page.evaluate("inside.map.state.prompts.marks.find(({ label }) => label === 'duck')")
    labels = page.evaluate("inside.map.state.ready.labels")
    code = page.evaluate("inside.map.state.ready.classes.indexOf('duck')")
    hits = sum(labels[place] == code for place in mark["places"])
    chip = page.get_by_role("button", name="“a photo of a duck”")
    playwright.expect(chip).to_contain_text(f"duck{hits} of 8")
    chip.focus()
    page.keyboard.press("Enter")
    chosen = page.locator(".block.hl-map_chosen")
    playwright.expect(chosen.locator("h2")).to_have_text("The selected prompt")
    near = chosen.get_by_role("region", name="Nearest to CLIP")
    playwright.expect(near.locator(".hl-map-tile")).to_have_count(8)
    playwright.expect(near.locator(".hl-alien")).to_have_count(8 - hits)
    playwright.expect(near.locator("h3")).to_contain_text(f"{hits} show “duck”")
    playwright.expect(chosen.get_by_role("region", name="Nearest to ViT")).to_be_hidden()
    near.locator(".hl-map-tile").first.click()
    playwright.expect(chosen.locator("h2")).to_have_text("The selected picture")
    playwright.expect(chip).to_have_attribute("aria-pressed", "false")


def test_a_photo_of_ones_own_is_placed_on_all_three(visit):
    page = visit()
    path = sorted((TOYBOX / "realistic").glob("duck*.png"))[0]
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Place a photo…").click()
    chooser.value.set_files(path)
    page.wait_for_function("inside.map.state.photo?.marks", timeout=30_000)
    index = page.evaluate(
        f"inside.map.state.ready.names.findIndex((name) => name.endsWith('{path.name}') && name.includes('realistic'))"
    )

    def on_its_own_point():
        for family, mark in page.evaluate("inside.map.state.photo.marks").items():
            x, y = points(page, family)[2 * index : 2 * index + 2]
            np.testing.assert_allclose([mark["x"], mark["y"]], [x, y], atol=0.05)

    on_its_own_point()
    page.evaluate("inside.map.turn({ seed: 3 })")
    page.wait_for_function("inside.map.state.columns.clip.busy")
    page.wait_for_function(f"{CALM} && inside.map.state.photo?.marks", timeout=60_000)
    on_its_own_point()
    page.get_by_role("button", name="Remove").click()
    page.wait_for_function("inside.map.state.photo === null")


def test_a_set_of_ones_own(visit, tmp_path):
    random = np.random.default_rng(0)
    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for label in ("cup", "<b>dog</b>"):
            for place in range(7):
                file = io.BytesIO()
                Image.fromarray(random.integers(0, 256, (20, 20, 3), np.uint8)).save(file, "PNG")
                archive.writestr(
                    f"{label}/{place}.png" if "<" not in label else f"table/{place}.png",
                    file.getvalue(),
                )
        rows = [f"cup/{n}.png,cup" for n in range(7)] + [
            f"table/{n}.png,<b>dog</b>" for n in range(7)
        ]
        archive.writestr("labels.csv", "file,label\n" + "\n".join(rows))
    page = visit()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a set…").click()
    chooser.value.set_files(path)
    page.wait_for_function("inside.map.state.ready?.pictures === 14", timeout=60_000)
    calm(page)
    legend = page.get_by_role("list", name="Colours")
    playwright.expect(legend).to_contain_text("<b>dog</b>")
    assert len(points(page, "swin")) == 28
    playwright.expect(page.locator('.hl-map_column [data-family="vit"]')).to_contain_text(
        "perplexity"
    )


def test_what_is_taken_away(visit, tmp_path):
    page = visit()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    download.value.save_as(tmp_path / "map.csv")
    with open(tmp_path / "map.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    found = points(page, "clip")
    assert len(rows) == 320
    np.testing.assert_allclose([float(row["clip_x"]) for row in rows], found[::2], atol=1e-4)
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG", exact=True).click()
    download.value.save_as(tmp_path / "map.svg")
    sheet = ElementTree.parse(tmp_path / "map.svg").getroot()
    assert sheet.tag == "{http://www.w3.org/2000/svg}svg"
    maps = list(sheet)
    assert len(maps) == 3
    places = [float(each.get("x")) for each in maps]
    assert places == sorted(set(places)) and float(sheet.get("width")) > places[-1]
    text = (tmp_path / "map.svg").read_text(encoding="utf-8")
    assert text.count("seed 0") == 3 and text.count("t-SNE") == 3
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG", exact=True).click()
    download.value.save_as(tmp_path / "map.png")
    assert Image.open(tmp_path / "map.png").width > 1500


def test_the_legend_selects_and_colours_tell_right_from_wrong(visit):
    page = visit()
    page.get_by_role("list", name="Colours").get_by_role(
        "button", name=re.compile("donkey")
    ).click()
    playwright.expect(page.locator(".block.hl-map_chosen")).to_contain_text("donkey 40")
    page.get_by_label("Colour by").select_option("right")
    wrong = page.evaluate("inside.mapColours.of('vit').wrong.reduce((a, b) => a + b, 0)")
    accuracy = page.evaluate("inside.map.state.ready.models.vit.accuracy")
    assert wrong == round(320 * (1 - accuracy))


def test_a_photo_that_cannot_be_placed_leaves_the_one_before(visit, tmp_path):
    page = visit()

    def place(path):
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Place a photo…").click()
        chooser.value.set_files(path)

    place(sorted((TOYBOX / "realistic").glob("duck*.png"))[0])
    page.wait_for_function("inside.map.state.photo?.marks", timeout=30_000)
    marks = page.evaluate("inside.map.state.photo.marks")
    bad = tmp_path / "no.png"
    bad.write_text("no picture")
    place(bad)
    page.wait_for_function("inside.map.state.photo?.error", timeout=30_000)
    assert page.evaluate("inside.map.state.photo.marks") == marks
    page.evaluate("inside.map.turn({ method: 'pca' })")  # its place on other maps is not known
    calm(page)
    assert page.evaluate("inside.map.state.photo.marks ?? null") is None


def test_of_many_changes_the_last_is_shown(visit):
    page = visit()
    for seed in range(60, 66):
        page.evaluate(f"inside.map.turn({{ seed: {seed} }})")
        page.wait_for_timeout(210)
    page.wait_for_function(
        f"""{CALM} && Object.values(inside.map.state.columns).every(({{ map }}) => map.settings.seed === 65)
            && inside.map.state.prompts.marks.length""",
        timeout=60_000,
    )
    wanted = page.evaluate("[...inside.map.state.columns.clip.map.points]")
    page.evaluate("inside.map.turn({ seed: 0 })")
    page.wait_for_function("inside.map.state.columns.clip.busy")
    page.wait_for_function(CALM, timeout=60_000)
    assert page.evaluate("[...inside.map.state.columns.clip.map.points]") != wanted
    page.evaluate("inside.map.turn({ seed: 65 })")
    page.wait_for_function("inside.map.state.columns.clip.busy")
    page.wait_for_function(CALM, timeout=60_000)
    assert page.evaluate("[...inside.map.state.columns.clip.map.points]") == wanted


def test_a_map_can_be_stopped_and_gone_on_with(visit):
    page = visit()
    page.evaluate("inside.map.turn({ seed: 7, perplexity: 50 })")
    page.wait_for_function("inside.map.state.columns.clip.busy")
    page.evaluate("inside.map.stopArranging()")
    column = page.locator('.hl-map_column [data-family="clip"]')
    playwright.expect(column).to_contain_text("Stopped.")
    page.wait_for_timeout(1500)
    playwright.expect(column).to_contain_text("Stopped.")
    assert page.evaluate("inside.map.state.prompts.marks.length") == 0  # none of another map
    column.get_by_role("button", name="Try again").click()
    calm(page)
    playwright.expect(column).not_to_contain_text("Stopped.")


def test_an_unreachable_checkpoint_troubles_its_own_column(visit, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    page = visit()
    page.locator(".hl-mapping").get_by_label("Swin checkpoint", exact=True).select_option("hub")
    page.locator(".hl-mapping").get_by_label("Hub id: Swin checkpoint").fill(
        "no-such-owner-here/no-such-model"
    )
    page.keyboard.press("Enter")
    page.wait_for_function("inside.map.state.columns.swin.error", timeout=60_000)
    calm(page)
    assert len(points(page, "vit")) == 640 and len(points(page, "clip")) == 640


def test_a_phone_in_the_dark(visit):
    page = visit(viewport={"width": 360, "height": 740}, color_scheme="dark", has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_text("Layer, method, prompts …").click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_settings_of_a_method_can_be_reached(visit):
    page = visit()
    rail = page.locator(".hl-mapping .hl-rail")
    rail.get_by_text("Its settings").click()
    before = page.evaluate("[...inside.map.state.columns.vit.map.points]")
    rail.get_by_label("Seed").fill("7")
    page.keyboard.press("Enter")
    page.wait_for_function(
        f"before => {CALM} && before.some((x, i) => x !== inside.map.state.columns.vit.map.points[i])",
        arg=before,
    )
    place = "node => node.getBoundingClientRect().top"
    rail.get_by_text("Its settings").click()
    colour = rail.get_by_label("Colour by")
    top = colour.evaluate(place)
    rail.get_by_role("button", name="PCA").click()
    page.wait_for_function(CALM)
    assert colour.evaluate(place) == top  # nothing jumps


def test_a_tap_does_not_catch_the_page(visit):
    """On a phone one finger up or down scrolls, also after the map was tapped."""
    page = visit(viewport={"width": 360, "height": 740}, has_touch=True)
    canvas = page.locator(".hl-scatter-top").first
    canvas.tap()
    assert (
        canvas.evaluate("node => { node.focus(); return getComputedStyle(node).touchAction; }")
        == "pan-y"
    )
