"""The Prompts tab as people meet it. Every test fails on a page error or a request to another machine."""

import csv
import re

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CALM = "!inside.prompts.state.busy && !inside.prompts.state.stale"


@pytest.fixture
def visit(open_page):
    """A function that opens the tab as one more person, and waits for the first figures."""

    def opened(**settings):
        page = open_page(**settings)
        page.get_by_role("tab", name="Prompts").click()
        page.wait_for_function(
            f"inside.prompts.state.oneAnswer && inside.prompts.state.answer && {CALM}",
            timeout=90_000,
        )
        return page

    return opened


def templates(page):
    return page.get_by_label("Templates, one a line")


def typed(page, text):
    templates(page).fill(text)
    page.wait_for_function(CALM, timeout=60_000)


def shown(page):
    """The large number and the bars, as text."""
    return page.locator(".hl-big").inner_text(), page.locator(".hl-rates li").all_inner_texts()


def test_editing_a_template_moves_the_number(visit):
    page = visit()
    first = shown(page)
    assert re.search(r"^\d+\.\d %\s+\(\d+\.\d–\d+\.\d, n = 320\)$", first[0])
    assert len(first[1]) == 5 + 8
    typed(page, "No {}, no score.")
    page.wait_for_function(f"document.querySelector('.hl-big').innerText !== {first[0]!r}")
    assert shown(page) != first
    typed(page, "a photo of a {}")
    page.wait_for_function(f"document.querySelector('.hl-big').innerText === {first[0]!r}")
    assert shown(page) == first


def test_what_is_wrong_stands_beside_its_box_and_the_last_figures_stay(visit):
    page = visit()
    before = shown(page)
    templates(page).fill("no place for a name")
    beside = page.locator("#hl-prompts-templates-says")
    playwright.expect(beside).to_contain_text("Line 1 has no {}")
    playwright.expect(page.locator(".hl-prompts_headline .hl-stale")).to_have_count(1)
    assert shown(page) == before
    page.get_by_label("Class names, one a line", exact=True).fill("dog\ndog")
    templates(page).fill("a fluffy {}")
    playwright.expect(page.locator("#hl-prompts-classes-says")).to_contain_text("use it once")
    page.get_by_role("button", name="Reset").click()
    playwright.expect(beside).to_contain_text("never saw “fluffy”")
    playwright.expect(page.locator(".hl-stale")).to_have_count(0)


def test_pinning_shows_what_flipped_and_says_how_sure_that_is(visit):
    page = visit()
    page.get_by_role("button", name="Pin this prompt").click()
    page.get_by_role("button", name="No {}, no score.").click()
    card = page.locator(".block.hl-prompts_change")
    playwright.expect(card).to_contain_text("What changed since “a photo of a {}”")
    playwright.expect(card.locator(".hl-test")).to_contain_text("McNemar's exact test")
    tile = card.locator(".hl-picture-tile").first
    playwright.expect(tile).to_contain_text("→")
    name = tile.get_attribute("title").split(":")[0]
    tile.click()
    playwright.expect(page.locator(".hl-one-picture")).to_contain_text(name)
    page.get_by_role("button", name="Unpin").click()
    playwright.expect(card).to_be_hidden()


def test_a_cell_opens_its_pictures(visit):
    page = visit()
    cell = page.get_by_role("button", name=re.compile(r"^donkey taken for donkey: [1-9]"))
    count = int(re.search(r": (\d+)", cell.get_attribute("aria-label"))[1])
    cell.click()
    tiles = page.locator(".hl-cell .hl-picture-tile")
    playwright.expect(tiles).to_have_count(count)
    playwright.expect(tiles.first.locator(".hl-five li")).to_have_count(5)
    cell.press("ArrowRight")
    assert "donkey taken for duck" in page.evaluate(
        "document.activeElement.getAttribute('aria-label')"
    )


def test_the_confirm_half_is_looked_at_only_on_asking(visit):
    page = visit()
    page.get_by_role("button", name="Split into two halves").click()
    playwright.expect(page.locator(".hl-big")).to_contain_text("n = 160")
    confirmed = page.locator(".hl-confirmed")
    playwright.expect(confirmed).to_be_empty()
    page.get_by_role("button", name="Score the confirm half").click()
    playwright.expect(confirmed).to_contain_text("n = 160). Your first look at it.")
    typed(page, "a {}")
    playwright.expect(confirmed).to_be_empty()


def test_the_board_brings_back_and_is_taken_away(visit, tmp_path):
    page = visit()
    page.wait_for_function("inside.prompts.state.board.length === 1")
    typed(page, '=a "{}", here\na {}')
    page.wait_for_function("inside.prompts.state.board.length === 2")
    page.get_by_role("button", name="Templates", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    download.value.save_as(tmp_path / "board.csv")
    with open(tmp_path / "board.csv", newline="") as file:
        rows = {row["number"]: row for row in csv.DictReader(file)}
    assert rows["2"]["templates"] == '\'=a "{}", here\na {}'  # no formula for a spreadsheet
    assert rows["1"]["total"] == "320"
    page.locator(".hl-board").get_by_role("button", name="a photo of a {}").click()
    playwright.expect(templates(page)).to_have_value("a photo of a {}")


def test_eighty_templates_from_a_preset_and_one_left_out(visit):
    page = visit()
    page.get_by_label("Start from a preset").select_option("seven")
    playwright.expect(templates(page)).to_have_value(re.compile(r"^itap of a \{\}\."))
    page.get_by_text("Leave one template out").click()
    playwright.expect(page.locator(".hl-leave li")).to_have_count(7)


def test_one_picture_opens_in_explain_with_its_prompts(visit):
    page = visit()
    page.locator(".hl-under input").nth(3).fill("my {c} here")
    page.wait_for_function("inside.prompts.state.oneAnswer.answers[3].template === 'my {c} here'")
    page.locator(".hl-under").nth(3).get_by_role("button", name="Open in Explain").click()
    playwright.expect(page.get_by_role("tab", name="Explain")).to_have_attribute(
        "aria-selected", "true"
    )
    page.wait_for_function(
        """() => {
            const { columns, photo } = inside.state;
            return columns.clip.answer?.labels.length === 8 && !columns.clip.busy
                && columns.clip.templates === "my {c} here" && columns.clip.answer.photo === photo.key;
        }""",
        timeout=60_000,
    )
    page.get_by_role("tab", name="Prompts").click()
    playwright.expect(page.locator(".hl-big")).to_contain_text("n = 320")


def test_an_unreachable_set_troubles_nothing_else(visit, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    page = visit()
    page.get_by_label("Class names, one a line", exact=True).fill("\n".join("abcdefgh"))
    page.wait_for_function(CALM)
    page.get_by_label("Pictures", exact=True).select_option("hub")
    page.get_by_label("Hub id: Pictures").fill("no-such-owner-here/no-such-set")
    page.keyboard.press("Enter")
    playwright.expect(page.locator(".hl-progress")).to_contain_text("Pick the toybox")
    page.get_by_label("Back to the list", exact=True).first.click()
    page.get_by_label("Pictures", exact=True).select_option("toybox-hard")
    page.wait_for_function(CALM)
    playwright.expect(page.get_by_label("Class names, one a line", exact=True)).to_have_value(
        "\n".join("abcdefgh")  # what was typed for the first set
    )


def test_a_phone_in_the_dark(visit):
    page = visit(viewport={"width": 360, "height": 740}, color_scheme="dark", has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    typed(page, "x" * 300 + " {}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_class_that_no_picture_shows_is_named_beside_the_means(visit):
    page = visit()
    means = page.locator(".hl-bench .hl-result .hl-means")
    playwright.expect(means).not_to_contain_text("No picture shows")
    page.evaluate("inside.prompts.edit({ classes: 'dog\\ncat' })")
    playwright.expect(means).to_contain_text(
        "No picture shows cat: where it is answered it counts as 0."
    )
