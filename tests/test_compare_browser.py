"""The Compare tab as people meet it. Every test fails on a page error or a request to another machine."""

import csv
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tabs import sets
from tabs.compare.report import points
from tabs.wiring.kept import Kept

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

TOYBOX = Path(__file__).parent.parent / "assets" / "toybox" / "realistic"
HOSTILE = "<img src=x onerror=alert(1)>"
STATE = "inside.compare.state"
CALM = f"{STATE}.answer && !{STATE}.busy && !{STATE}.stale && !{STATE}.preparing"
OPEN = f"""{CALM} && {STATE}.look?.place === {STATE}.place && inside.compare.rivals().every(
    (family) => {STATE}.maps[family]?.answer?.place === {STATE}.place)"""


@pytest.fixture
def visit(open_page):
    """A function that opens the tab as one more person, and waits for the figures and the first picture."""

    def opened(**settings):
        page = open_page(**settings)
        page.get_by_role("tab", name="Compare").click()
        page.wait_for_function("inside.compare.state")
        page.wait_for_function(OPEN, timeout=120_000)
        return page

    return opened


def settled(page):
    page.wait_for_function(OPEN, timeout=60_000)


def patterns(page):
    return page.locator(".hl-cell-row")


def answers(page):
    return page.locator(".hl-looked:visible .hl-says-what").all_inner_texts()


def painted(page):
    """How many colours each map has."""
    return page.locator(".hl-looked:visible canvas.hl-canvas").evaluate_all(
        """canvases => canvases.map((canvas) => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(data.buffer)).size;
        })"""
    )


def upload(page, path):
    before = page.evaluate(f"{STATE}.set")
    with page.expect_file_chooser() as chooser:
        page.locator(".hl-comparing").get_by_role("button", name="Upload a set…").click()
    chooser.value.set_files(path)
    page.wait_for_function(
        f"before => {STATE}.set.startsWith('upload:') && {STATE}.set !== before && {STATE}.ready",
        arg=before,
        timeout=60_000,
    )
    settled(page)


@pytest.fixture(scope="module")
def strange(tmp_path_factory):
    """Renders of dogs and hats, and some under a name that no model knows and that is an attack."""
    path, rows = tmp_path_factory.mktemp("sets") / "strange.zip", ["file,label"]
    with zipfile.ZipFile(path, "w") as archive:
        for label, kind in (("dog", "dog"), ("hat", "hat"), (HOSTILE, "cup")):
            for number, picture in enumerate(sorted(TOYBOX.glob(f"{kind}_*.png"))[:3]):
                name = f"=cmd() {kind} {number}.png"
                archive.writestr(name, picture.read_bytes())
                rows.append(f'{name},"{label}"')
        archive.writestr("labels.csv", "\n".join(rows))
    return path


def test_it_can_be_stopped_and_gone_on_with(open_page, monkeypatch, nothing_shipped):
    monkeypatch.setattr(sets, "_features", Kept(1_000_000, sets._feature_size))  # nothing seen yet
    page = open_page()
    page.get_by_role("tab", name="Compare").click()
    rail = page.locator(".hl-comparing .hl-rail")
    page.wait_for_function("inside.compare.state.preparing?.done > 0", timeout=60_000)
    rail.get_by_role("button", name="Cancel").click()
    playwright.expect(rail.locator(".hl-progress")).to_contain_text("What was done is kept")
    rail.get_by_role("button", name="Try again").click()
    page.wait_for_function(OPEN, timeout=120_000)
    playwright.expect(rail.locator(".hl-progress")).not_to_contain_text("What was done is kept")


def test_it_opens_with_a_picture_they_part_on_and_where_each_looked(visit):
    page = visit()
    big = page.locator(".hl-rival .hl-big").all_inner_texts()
    assert len(big) == 3
    assert all(re.search(r"^\d+\.\d %\s+\(\d+\.\d–\d+\.\d, n = 320\)$", each) for each in big)
    right = page.evaluate(f"{STATE}.answer.cells.find(({{ key }}) => key === {STATE}.cell).right")
    assert sum(right.values()) == 1
    assert ["✓" in said for said in answers(page)] == list(right.values())
    assert all(colours > 20 for colours in painted(page))
    for top in page.locator(".hl-looked .hl-five").all():
        assert top.locator("li").count() == 5
    sums = page.evaluate(f"{STATE}.answer.cells.filter((c) => !c.within).map((c) => c.count)")
    assert sum(sums) == 320
    label = page.locator(".hl-looked canvas.hl-canvas").first.get_attribute("aria-label")
    assert re.search(r"^ViT answers \w+, (right|wrong)\. .*Attention from.*Highest at row", label)


def test_a_pattern_opens_to_its_pictures_and_one_leads_to_the_next(visit):
    page = visit()
    row = page.get_by_role("button", name="Only CLIP wrong")
    count = int(re.search(r"(\d+) ·", row.inner_text())[1])
    row.click()
    tiles = page.locator(".hl-cell-pictures .hl-picture-tile")
    playwright.expect(tiles).to_have_count(min(count, 48))
    settled(page)
    assert ["✓" in said for said in answers(page)] == [True, True, False]
    number = page.locator(".hl-steps .hl-hint")
    playwright.expect(number).to_have_text(f"1 of {count}")
    shown = page.locator(".hl-opened-words .hl-hint").inner_text()
    page.get_by_role("button", name="The next picture").click()
    playwright.expect(number).to_have_text(f"2 of {count}")
    settled(page)
    assert page.locator(".hl-opened-words .hl-hint").inner_text() != shown
    tiles.first.press("ArrowRight")
    playwright.expect(number).to_have_text(f"3 of {count}")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    playwright.expect(number).to_have_text(f"1 of {count}")
    settled(page)
    assert page.locator(".hl-opened-words .hl-hint").inner_text() == shown
    playwright.expect(tiles.first).to_have_attribute("aria-pressed", "true")


def test_maps_say_what_they_show_and_are_read_by_pointing(visit):
    page = visit()
    captions = page.locator(".hl-looked .hl-caption")
    for method, words in (
        ("Rollout", r"Rollout, layers 1–\d of \d"),
        ("Grad-CAM: its answer", r"Grad-CAM for “\w+”\s*last layer, its answer"),
        ("Grad-CAM: the truth", r"Grad-CAM for “\w+”\s*last layer, the truth"),
    ):
        page.get_by_role("button", name=method, exact=True).click()
        playwright.expect(captions.first).to_have_text(re.compile(words))
    truth = page.evaluate(f"{STATE}.look.truth")
    assert {re.search("“(.+)”", text)[1] for text in captions.all_inner_texts()} == {truth}
    page.locator(".hl-looked canvas.hl-canvas").nth(1).hover()
    readings = page.locator(".hl-looked .hl-reading")
    for reading in readings.all():
        playwright.expect(reading).to_have_text(re.compile(r"row \d+, column \d+: [+−\d].* logits"))
    page.mouse.move(0, 0)
    canvas = page.locator(".hl-looked canvas.hl-canvas").first
    canvas.press("ArrowRight")
    canvas.press("ArrowRight")
    playwright.expect(readings.first).to_contain_text("column")
    number = page.locator(".hl-steps .hl-hint")
    playwright.expect(number).to_have_text(re.compile("^1 of"))  # the arrows moved the patch


def test_an_edited_template_moves_clip_alone(visit):
    page = visit()
    before = page.locator(".hl-rival .hl-big").all_inner_texts()
    box = page.get_by_label("CLIP's templates, one a line")
    box.fill("no place for a name")
    playwright.expect(page.locator("#hl-compare-template-says")).to_contain_text("no {}")
    playwright.expect(page.locator(".hl-compare_headline .hl-stale")).to_have_count(1)
    box.fill("{} in a storm of noise\nthe underside of a {}")
    settled(page)
    after = page.locator(".hl-rival .hl-big").all_inner_texts()
    assert after[:2] == before[:2] and after[2] != before[2]
    box.fill("a photo of a {}")
    page.wait_for_function(
        f"document.querySelectorAll('.hl-rival .hl-big')[2].innerText === {before[2]!r}"
    )


def test_a_template_that_cannot_be_used_takes_no_pictures_away(visit):
    page = visit()
    tiles = page.locator(".hl-cell-pictures .hl-picture-tile")
    shown = tiles.count()
    page.get_by_label("CLIP's templates, one a line").fill("no place for a name")
    playwright.expect(page.locator("#hl-compare-template-says")).to_contain_text("no {}")
    patterns(page).filter(has_text="Only Swin wrong").click()
    page.wait_for_timeout(500)
    assert tiles.count() == shown > 0


def test_which_differences_are_real_is_said_in_words(visit):
    page = visit()
    pairs = page.locator(".hl-pairs li")
    playwright.expect(pairs).to_have_count(3)
    told = page.evaluate(f"{STATE}.answer.pairs")
    for row, pair in zip(pairs.all_inner_texts(), told, strict=True):
        assert f"{abs(100 * pair['gap']):.1f} points more often" in row
        unlikely = "That is unlikely to be chance alone." in row
        assert unlikely == (pair["p_holm"] < 0.05)
        assert ("bolder than the exact test" in row) == (
            not unlikely and pair["low"] * pair["high"] > 0
        )
    verdict = page.locator(".hl-verdict").inner_text()
    assert ("every difference may well be chance" in verdict) == all(
        pair["p_holm"] >= 0.05 for pair in told
    )


def test_two_sets_of_one_file_name_are_two_sets(visit, tmp_path):
    """The label maps shown and typed are those of the set that is open."""
    page = visit()
    for folder, kinds in (("a", ("dog", "hat")), ("b", ("cup", "car"))):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "set.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for kind in kinds:
                for picture in sorted(TOYBOX.glob(f"{kind}_*.png"))[:2]:
                    archive.writestr(f"{kind}/{picture.name}", picture.read_bytes())
        upload(page, path)
        page.wait_for_function(
            f"{STATE}.answer.choices === 2 && {STATE}.ready?.classes.includes('{kinds[0]}')"
        )
        editor = page.locator(".hl-mapped textarea").first
        if folder == "a":
            page.locator(".hl-mapped summary").first.click()
        for kind in kinds:
            playwright.expect(editor).to_have_value(re.compile(f"{kind}: {kind}"))
        playwright.expect(page.locator(".hl-origins li").first).to_contain_text("same name")
    editor.fill("cup: cup\ncar: car")
    playwright.expect(page.locator(".hl-mapped .hl-says").first).to_be_empty()


def test_a_picture_arrives_in_explain_with_its_models(visit):
    page = visit()
    page.get_by_label("CLIP's templates, one a line").fill("my {c}")
    settled(page)
    page.get_by_role("button", name="Grad-CAM: its answer").click()
    page.locator(".hl-comparing").get_by_role("button", name="Open in Explain").click()
    playwright.expect(page.get_by_role("tab", name="Explain")).to_have_attribute(
        "aria-selected", "true"
    )
    page.wait_for_function(
        """() => {
            const { columns, photo } = inside.state;
            return columns.clip.answer?.labels.length === 8 && columns.clip.templates === "my {c}"
                && Object.values(columns).every((c) => !c.busy && c.answer?.photo === photo.key);
        }""",
        timeout=60_000,
    )
    models = page.evaluate("Object.values(inside.state.columns).map(({ model }) => model)")
    assert models == ["pocket-vit", "pocket-swin", "pocket-clip"]
    shown = page.evaluate(f"{STATE}.maps.vit.answer.base.split(' ')[0]")
    assert page.evaluate("inside.state.photo.key") == shown
    assert page.evaluate("inside.state.method") == "gradcam"
    for family in ("vit", "swin", "clip"):  # the same classes, answers and shares
        top = page.evaluate(f"inside.state.columns.{family}.answer.top")
        before = page.evaluate(f"{STATE}.look.models.{family}.top")
        assert [each["label"] for each in top] == [each["label"] for each in before]
        shares = [each["probability"] for each in before]
        assert [each["probability"] for each in top] == pytest.approx(shares, abs=1e-4)
    truth, place = page.evaluate(f"[{STATE}.look.truth, {STATE}.place]")
    origin = page.locator(".hl-origin")
    playwright.expect(origin).to_contain_text(f"The picture shows “{truth}”")
    playwright.expect(page.locator("#vit .hl-answers")).to_contain_text(f"✓ {truth}")
    page.get_by_role("button", name="Back to Compare").click()
    playwright.expect(page.locator(".hl-opened")).to_be_in_viewport()
    assert page.evaluate(f"{STATE}.place") == place
    page.get_by_role("tab", name="Explain").click()
    page.locator(".hl-thumb").nth(
        1
    ).click()  # with the next photo CLIP chooses from its own classes again
    page.wait_for_function(
        """() => {
            const { vit, clip } = inside.state.columns;
            return !clip.busy && clip.answer?.labels.length === 51 && !vit.busy && vit.answer?.labels.length === 51 && clip.templates === "a photo of a {}";
        }""",
        timeout=30_000,
    )
    playwright.expect(origin).to_be_hidden()


def test_a_class_without_an_output_is_said_and_mended(visit, strange, tmp_path):
    page = visit()
    upload(page, strange)
    banner = page.locator(".hl-banner")
    playwright.expect(banner).to_contain_text(f"have no output for “{HOSTILE}”")
    playwright.expect(page.locator(".hl-rival .hl-big").first).to_contain_text("n = 6")
    banner.get_by_role("button", name="Open the label maps").click()
    editors = page.locator(".hl-mapped textarea:visible")
    playwright.expect(editors).to_have_count(2)
    for number in range(2):
        playwright.expect(editors.nth(number)).to_have_value(re.compile("dog: dog"))
        text = editors.nth(number).input_value()
        editors.nth(number).fill(text.replace(f"{HOSTILE}:", f"{HOSTILE}: cupp"))
        beside = page.locator(".hl-mapped .hl-says").nth(number)
        playwright.expect(beside).to_contain_text("did you mean 'cup'")
        editors.nth(number).fill(text.replace(f"{HOSTILE}:", f"{HOSTILE}: cup"))
        playwright.expect(beside).to_be_empty()
    playwright.expect(page.locator(".hl-rival .hl-big").first).to_contain_text("n = 9")
    playwright.expect(banner).to_be_hidden()
    settled(page)
    assert page.locator("img[src=x]").count() == 0
    takes_away_safely(page, tmp_path)


def takes_away_safely(page, folder):
    """The report and the table of a set whose labels and names are attacks."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Download report").click()
    download.value.save_as(folder / "report.html")
    html, seen = (folder / "report.html").read_text(encoding="utf-8"), []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, attributes: seen.append((tag, dict(attributes)))
    reader.feed(html)
    assert "script" not in {tag for tag, _ in seen}
    assert "http:" not in html and "https:" not in html
    sources = {given["src"][:15] for tag, given in seen if tag == "img"}
    assert sources <= {"data:image/jpeg"}
    assert HOSTILE not in html and HOSTILE.replace("<", "&lt;").replace(">", "&gt;") in html
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    download.value.save_as(folder / "table.csv")
    with open(folder / "table.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 9
    assert all(row["file"].startswith("'=cmd()") for row in rows)  # no formula for a spreadsheet
    report = page.context.new_page()
    report.on("dialog", lambda dialog: pytest.fail("the report ran a script"))
    report.goto((folder / "report.html").as_uri())
    assert report.locator("h1").inner_text().startswith("ViT, Swin and CLIP on")
    assert report.locator("figure img").evaluate_all("all => all.every((one) => one.naturalWidth)")
    report.close()


def test_a_model_may_be_left_out_or_missing(visit, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    page = visit()
    swin = page.get_by_role("combobox", name="Swin", exact=True)
    swin.select_option("")
    page.wait_for_function(f"{CALM} && {STATE}.answer.pairs.length === 1", timeout=60_000)
    settled(page)
    playwright.expect(patterns(page)).to_have_count(5)
    playwright.expect(page.locator(".hl-looked:visible")).to_have_count(2)
    swin.select_option("hub")
    page.get_by_label("Hub id: Swin", exact=True).fill("no-such-owner-here/no-such-model")
    page.keyboard.press("Enter")
    playwright.expect(page.locator(".hl-compared .hl-trouble").nth(1)).to_contain_text(
        "no-such-owner-here/no-such-model", timeout=30_000
    )
    page.wait_for_function(CALM, timeout=60_000)
    playwright.expect(page.locator(".hl-rival .hl-big").first).to_contain_text("n = 320")


def test_a_phone_in_the_dark(visit):
    page = visit(viewport={"width": 360, "height": 740}, color_scheme="dark", has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    first = page.locator(".hl-rival .hl-big").first
    assert first.evaluate("node => node.getBoundingClientRect().top") < 740  # in sight at once
    page.locator(".hl-comparing").get_by_text("Models, CLIP’s templates, report …").click()
    page.get_by_label("CLIP's templates, one a line").fill("x" * 300 + " {}")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_page_and_report_round_alike(open_page):
    page = open_page()
    page.wait_for_function("inside.parts")
    for total in (7, 40, 64, 320, 1000):
        shown = page.evaluate(
            f"Array.from({{ length: {total + 1} }}, (_, k) => inside.parts.points(k / {total}))"
        )
        assert shown == [points(k / total) for k in range(total + 1)]
    assert points(52 / 64) == "81.3"  # 81.25
