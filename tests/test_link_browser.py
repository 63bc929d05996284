"""Links: the page's question in its address. Every test fails on a page error or a request to another machine."""

import pytest
from conftest import INSIDE

from tabs.wiring import assets

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

WAIT = 60_000


@pytest.fixture
def follow(open_page, address):
    """A function: the fragment of a link → a new person's page that was opened with it."""

    def opened(fragment, **settings):
        page = open_page(**settings)
        page.goto("about:blank")
        page.goto(f"{address}#{fragment}")
        page.evaluate(INSIDE, f"{address}{assets.ROOT}")
        return page

    return opened


def caption(page, family):
    return page.locator(f"#{family} figcaption")


def looked_at(page):
    """Wait until the photo that was asked for is there, and every column has answered about it."""
    page.wait_for_function(
        """() => {
            const { columns, photo, wanted } = inside.state;
            return photo && !wanted
                && Object.values(columns).every(({ busy, answer }) => !busy && answer?.photo === photo.key);
        }""",
        timeout=WAIT,
    )


def has_address(page, *parts):
    """Wait until the address has these parts, and no others but the version."""
    want = "#" + "&".join(("v=1", *parts))
    page.wait_for_function("(want) => location.hash === want", arg=want)


VIEW = (
    "tab=explain",
    "photo=example:coffee",
    "method=gradcam",
    "head=2",
    "target=dog",
    "template=one+%7B%7D",
    "classes=dog%0Acup%0Acat",
    "over=30",
)


def test_a_link_opens_the_very_view(follow):
    page = follow("&".join(("v=1", *VIEW)))
    expect(caption(page, "vit")).to_contain_text("Grad-CAM for “dog”", timeout=WAIT)
    expect(page.get_by_label("Template of CLIP's texts")).to_have_value("one {}")
    expect(page.locator("#clip .hl-classes button").first).to_have_text("3 classes")
    expect(page.get_by_role("slider", name="Map over photo")).to_have_value("30")
    expect(page.get_by_role("radio", name="Grad-CAM")).to_be_checked()
    expect(page.get_by_label("Class to explain", exact=True)).to_have_value("dog")
    has_address(page, *VIEW)


def test_a_pinned_patch_a_layer_and_a_model_come_with_the_link(follow):
    page = follow("v=1&tab=explain&photo=example:rocket&layer=1/8&patch=0.1,0.9&below=clip")
    expect(caption(page, "swin")).to_contain_text("pinned patch", timeout=WAIT)
    expect(caption(page, "vit")).to_contain_text("layer 1 of", timeout=WAIT)
    page.wait_for_timeout(600)
    assert "photo=example:rocket" in page.url
    assert "patch=0.1,0.9" in page.url


def test_the_address_follows_the_page_and_back_and_forward_the_address(open_page):
    page = open_page()
    expect(caption(page, "vit")).to_contain_text("Attention", timeout=WAIT)
    page.wait_for_timeout(500)
    assert "#" not in page.url  # nobody did anything yet
    page.get_by_role("radio", name="Rollout").check()
    has_address(page, "tab=explain", "photo=example:chelsea", "method=rollout")
    page.get_by_role("slider", name="Layer").press("Home")
    has_address(page, "tab=explain", "photo=example:chelsea", "method=rollout", "layer=1/8")
    page.get_by_role("button", name="a rocket").click()
    expect(caption(page, "vit")).to_contain_text("Rollout, layer 1 of", timeout=WAIT)
    has_address(page, "tab=explain", "photo=example:rocket", "method=rollout", "layer=1/8")
    page.go_back()
    has_address(page, "tab=explain", "photo=example:chelsea", "method=rollout", "layer=1/8")
    looked_at(page)
    page.go_back()
    expect(page.get_by_role("radio", name="Attention")).to_be_checked()
    page.go_forward()
    expect(page.get_by_role("radio", name="Rollout")).to_be_checked()
    page.go_forward()
    looked_at(page)
    page.reload()
    expect(caption(page, "vit")).to_contain_text("Rollout, layer 1 of", timeout=WAIT)
    has_address(page, "tab=explain", "photo=example:rocket", "method=rollout", "layer=1/8")


def test_a_broken_link_says_what_is_wrong_and_does_the_rest(follow):
    page = follow("v=1&tab=explain&method=magic&photo=example:unicorn&over=30&nonsense")
    says = page.locator(".hl-link-says")
    expect(says).to_contain_text("“method” in this link should be one of attention", timeout=WAIT)
    expect(says).to_contain_text("There is no photo “example:unicorn”")
    expect(says).to_contain_text("does not know “nonsense”")
    expect(page.get_by_role("slider", name="Map over photo")).to_have_value("30")
    says.get_by_role("button", name="Close").click()
    expect(says).to_be_hidden()


def test_a_photo_of_ones_own_is_named_and_asked_for(follow):
    page = follow("v=1&tab=explain&photo=upload:0123456789abcdef0123&method=rollout")
    says = page.locator(".hl-link-says")
    expect(says).to_contain_text("made with a photo of its own; bring yours", timeout=WAIT)
    expect(caption(page, "vit")).to_contain_text("Rollout", timeout=WAIT)


def test_a_photo_of_ones_own_comes_back_after_a_reload_and_for_nobody_else(
    open_page, address, photo, tmp_path
):
    photo.save(tmp_path / "mine.png")
    page = open_page()
    looked_at(page)
    page.locator("#photo input[type=file]").set_input_files(tmp_path / "mine.png")
    page.wait_for_function("location.hash.includes('photo=upload:')", timeout=WAIT)
    looked_at(page)
    key = page.evaluate("inside.state.photo.key")
    page.wait_for_timeout(1000)  # a reload amid an answer is an error that Gradio logs
    page.reload()
    page.evaluate(INSIDE, f"{address}{assets.ROOT}")
    page.wait_for_function(f"inside.state.photo?.key === '{key}'", timeout=WAIT)
    expect(page.locator(".hl-link-says")).to_be_hidden()
    other = open_page()
    looked_at(other)
    other.goto(page.url)
    expect(other.locator(".hl-link-says")).to_contain_text("bring yours", timeout=WAIT)


def test_copy_link_copies_the_view_or_offers_it(open_page, address):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    expect(caption(page, "vit")).to_contain_text("Attention", timeout=WAIT)
    page.get_by_role("radio", name="Rollout").check()
    has_address(page, "tab=explain", "photo=example:chelsea", "method=rollout")
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator(".hl-link-says")).to_contain_text("Link copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{address}#v=1&tab=explain&photo=example:chelsea&method=rollout"
    page.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed')); }"
    )
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_label("Link to this view")).to_have_value(copied)


def test_prompts_come_with_their_link(follow):
    parts = (
        "tab=prompts",
        "set=toybox",
        "templates=a+blurred+photo+of+a+%7B%7D%0A%7B%7D",
        "half=choose",
        "pinned=%7B%7D",
        "cell=2,2",
        "picture=17",
    )
    page = follow("&".join(("v=1", *parts)))
    box = page.get_by_label("Templates, one a line")
    expect(box).to_have_value("a blurred photo of a {}\n{}", timeout=WAIT)
    expect(page.get_by_role("button", name="Back to all pictures")).to_be_visible(timeout=WAIT)
    page.wait_for_function("inside.prompts.state.cellPictures", timeout=WAIT)
    assert page.evaluate("inside.prompts.state.one.place") == 17
    has_address(page, *parts)
    box.fill("one {}")
    page.wait_for_function("location.hash.includes('templates=one')")


def test_a_map_comes_with_its_link(follow):
    parts = (
        "tab=map",
        "set=toybox",
        "layer=1/8",
        "method=pca",
        "template=one+%7B%7D",
        "colour=right",
        "pictures=3,17",
    )
    page = follow("&".join(("v=1", *parts)))
    page.wait_for_function(
        "inside.map.state.chosen.length === 2 && Object.values(inside.map.state.columns).every(({ map }) => map)",
        timeout=WAIT,
    )
    expect(page.get_by_role("combobox", name="Colour by")).to_have_value("right")
    expect(page.get_by_role("button", name="PCA")).to_have_attribute("aria-pressed", "true")
    has_address(page, *parts)
    page.get_by_role("tab", name="Explain").click()
    page.wait_for_function("location.hash.includes('tab=explain')")
    page.go_back()
    expect(page.get_by_role("tab", name="Map")).to_have_attribute("aria-selected", "true")
    has_address(page, *parts)


def test_an_opened_pattern_comes_with_its_link(follow):
    page = follow("v=1&tab=compare&set=toybox&swin=none&method=rollout")
    expect(page.get_by_label("The open picture")).to_contain_text("Shows:", timeout=WAIT)
    page.locator(".hl-cell-row:enabled").last.click()
    page.wait_for_function("location.hash.includes('cell=')", timeout=WAIT)
    page.wait_for_function("inside.compare.state.pictures.cell === inside.compare.state.cell")
    page.locator(".hl-cell-pictures button").nth(2).click()
    page.wait_for_function("location.hash.includes('picture=')", timeout=WAIT)
    fragment = page.url.partition("#")[2]
    place = page.evaluate("inside.compare.state.place")
    other = follow(fragment)
    other.wait_for_function(f"inside.compare.state.look?.place === {place}", timeout=WAIT)
    expect(other.get_by_role("button", name="Rollout")).to_have_attribute("aria-pressed", "true")
    assert other.evaluate("inside.compare.state.models.swin") == ""
    has_address(other, *fragment.split("&")[1:])
