"""Classes that a model cannot tell apart, as people meet them: no number, no interval, no winner. Fails on a page error."""

import csv
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

TOYBOX = Path(__file__).parent.parent / "assets" / "toybox" / "realistic"
UNKNOWN = ("glioma", "meningioma")  # words that pocket-clip never saw: to it one text
EACH = 3  # pictures of a class
WAIT = 90_000
CALM = {
    "prompts": "inside.prompts.state.answer && !inside.prompts.state.busy && !inside.prompts.state.stale",
    "map": """inside.map.state.ready && !inside.map.state.preparing && inside.map.state.prompts.marks.length
        && ['vit', 'swin', 'clip'].every((family) => {
            const { busy, map, error } = inside.map.state.columns[family];
            return !busy && (map || error);
        })""",
    "compare": """inside.compare.state.answer && !inside.compare.state.busy && !inside.compare.state.stale
        && !inside.compare.state.preparing""",
}


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """A function: class names → a zip of EACH pictures a class: of the toybox where it has that class, else noise."""

    def zipped(*classes):
        noise, rows = np.random.default_rng(3), ["file,label"]
        path = tmp_path_factory.mktemp("sets") / "noise.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for code, name in enumerate(classes):
                for number in range(EACH):
                    file = io.BytesIO()
                    picture = noise.integers(0, 256, (32, 32, 3), np.uint8)
                    Image.fromarray(picture).save(file, "PNG")
                    render = TOYBOX / f"{name}_0{number}.png"
                    content = render.read_bytes() if render.exists() else file.getvalue()
                    archive.writestr(f"{code}-{number}.png", content)
                    rows.append(f'{code}-{number}.png,"{name}"')
            archive.writestr("labels.csv", "\n".join(rows))
        return path

    return zipped


@pytest.fixture
def visit(open_page):
    """A function that opens a tab as one more person and brings a set of their own there."""

    def opened(tab, path):
        page = open_page()
        page.get_by_role("tab", name=tab.title()).click()
        page.wait_for_function(CALM[tab], timeout=WAIT)
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Upload a set…").click()
        chooser.value.set_files(path)
        page.wait_for_function(
            f"inside.{tab}.state.set.startsWith('upload:') && {CALM[tab]}", timeout=WAIT
        )
        return page

    return opened


def test_prompts_has_no_number_where_there_is_no_answer(visit, sets, tmp_path):
    page = visit("prompts", sets(*UNKNOWN))
    playwright.expect(page.locator(".hl-prompts_headline .hl-big")).to_have_text(
        "no answer (n = 6)"
    )
    headline = page.locator(".hl-prompts_headline .hl-widget")
    playwright.expect(headline).to_contain_text("it cannot tell them apart")
    playwright.expect(headline).not_to_contain_text(re.compile(r"Macro|NaN|null"))
    assert all(
        "no answer (n = 3)" in each for each in page.locator(".hl-rates li").all_inner_texts()
    )
    cell = page.get_by_role("button", name="glioma without an answer: 3 pictures")
    cell.click()
    playwright.expect(page.locator(".hl-cell .hl-picture-tile")).to_have_count(EACH)
    page.get_by_role("button", name="Pin this prompt").click()
    change = page.locator(".hl-prompts_change .hl-test")
    playwright.expect(change).to_contain_text("Nothing can be compared")
    playwright.expect(page.locator(".hl-delta")).to_be_empty()
    page.get_by_label("Templates, one a line").fill("a {}\nthe {}")
    page.get_by_text("Leave one template out").click()
    playwright.expect(page.locator(".hl-leave li").first).to_contain_text("no answer without it")
    playwright.expect(page.locator(".hl-leave")).not_to_contain_text("±")
    playwright.expect(page.locator(".hl-under").first).to_contain_text("No answer: “glioma”")
    with page.expect_download() as download:
        page.locator(".hl-prompts_board").get_by_role("button", name="Download CSV").click()
    download.value.save_as(tmp_path / "board.csv")
    with open(tmp_path / "board.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            assert (row["accuracy"], row["low"], row["high"]) == ("", "", "")


def test_a_class_name_with_a_bar_stays_whole_on_prompts(visit, sets):
    page = visit("prompts", sets("dog | hound", "car"))
    assert page.evaluate("inside.prompts.state.answer.classes") == ["car", "dog | hound"]
    box = page.get_by_label("Class names, one a line", exact=True)
    playwright.expect(box).to_have_value("car\ndog \\| hound")
    assert page.evaluate("inside.prompts.tab.question('attempt').classes") == ""
    box.fill("dog \\| hound\na car | car")
    page.wait_for_function(CALM["prompts"], timeout=WAIT)
    assert page.evaluate("inside.prompts.state.answer.classes") == ["dog | hound", "a car"]
    page.get_by_role("button", name="Reset").click()
    playwright.expect(box).to_have_value("car\ndog \\| hound")


def test_the_map_is_grey_where_there_is_no_answer(visit, sets):
    page = visit("map", sets(*UNKNOWN, "dog", "car"))
    clip = page.locator('.hl-map_column [data-family="clip"]')
    assert page.evaluate("inside.map.state.ready.models.clip.answers").count(-1) in range(1, 13)
    page.get_by_label("Colour by").select_option("right")
    legend = page.get_by_role("list", name="Colours")
    playwright.expect(legend).to_contain_text("no answer")
    shared = page.get_by_role("button", name=re.compile("glioma, meningioma"))
    label = shared.get_attribute("aria-label")
    hits = page.evaluate(
        """inside.map.state.prompts.marks.find(({ classes }) => classes.length === 2).places.filter(
            (place) => ["glioma", "meningioma"].includes(inside.map.state.ready.classes[inside.map.state.ready.labels[place]])).length"""
    )
    assert hits and f"{hits} show" in label  # each of the two names counts
    playwright.expect(clip.locator(".hl-map-which")).to_contain_text("answers are right")
    page.get_by_role("slider", name="Layer").fill("1")
    page.wait_for_function("inside.map.state.columns.clip.map.settings.depth < 1", timeout=WAIT)
    playwright.expect(clip.locator(".hl-map-which")).to_be_empty()


def test_a_map_without_any_answer_says_so(visit, sets):
    page = visit("map", sets(*UNKNOWN))
    clip = page.locator('.hl-map_column [data-family="clip"]')
    playwright.expect(clip.locator(".hl-map-which")).to_have_text("no answer")
    playwright.expect(clip).to_contain_text("it cannot tell them apart")


def test_compare_says_why_a_model_takes_no_part(visit, sets):
    page = visit("compare", sets(*UNKNOWN, "dog", "car"))
    page.evaluate(
        """['vit', 'swin'].forEach((family) => inside.compare.map(family, "glioma: dog\\nmeningioma: boat\\ndog:\\ncar:"))"""
    )
    page.wait_for_function(
        f"inside.compare.state.answer?.models.clip?.error && {CALM['compare']}", timeout=WAIT
    )
    clip = page.locator('.hl-rival[data-family="clip"]')
    playwright.expect(clip.locator(".hl-big strong")).to_have_text("–")
    playwright.expect(clip).to_contain_text("Not in this comparison: No answer: the model gives")


def test_a_classs_bar_and_a_picture_without_an_answer_on_compare(visit, sets):
    page = visit("compare", sets(*UNKNOWN, "dog", "car"))
    page.evaluate(
        """['vit', 'swin'].forEach((family) => inside.compare.map(family, "glioma: cat\\nmeningioma: boat\\ndog: dog\\ncar: car"))"""
    )
    page.wait_for_function(
        f"inside.compare.state.answer?.choices === 4 && {CALM['compare']}", timeout=WAIT
    )
    page.wait_for_function("inside.compare.state.look && inside.compare.state.pictures")
    text = page.locator('[role="tabpanel"]:visible').inner_text()
    assert not re.search(r"\bnull\b|NaN", text)
    assert "pictures a second" not in text
    page.wait_for_function(  # a glioma, and not the first picture of the cell that is still on its way
        """() => {
            const { state, open } = inside.compare;
            if (state.place !== 0) open(0);
            return state.look?.place === 0;
        }""",
        polling=500,
        timeout=WAIT,
    )
    looked = page.get_by_label("CLIP: where it looked")
    playwright.expect(looked).to_contain_text("✗ no answer", timeout=WAIT)
    page.get_by_role("button", name="Grad-CAM: its answer").click()
    caption = looked.locator(".hl-caption")
    playwright.expect(caption).to_contain_text("the truth; it has no answer", timeout=WAIT)
    playwright.expect(caption).not_to_contain_text("its answer")


def test_explain_gives_the_sentence_for_the_answer(open_page):
    page = open_page()
    page.wait_for_function("inside.state.columns.clip.answer", timeout=WAIT)
    page.locator("#clip .hl-classes button").first.click()
    page.get_by_label("CLIP's class names, one a line").fill("\n".join(UNKNOWN))
    clip = page.locator("#clip")
    playwright.expect(clip.locator(".hl-no-answer")).to_contain_text(
        "No answer: “glioma”, “meningioma” get the same score", timeout=WAIT
    )
    playwright.expect(clip.locator(".hl-remarks")).not_to_contain_text("No answer")
    playwright.expect(page.locator("#vit .hl-no-answer")).to_be_hidden()
