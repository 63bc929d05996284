"""Links: the page's question in its address. Every test fails on a page error or a request to another machine."""

import re

import pytest

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
        return page

    return opened


def caption(page, family):
    return page.locator(f"#{family} figcaption")


def looked_at(page):
    """Wait until every column has answered about the photo there is."""
    for family in ("ViT", "Swin", "CLIP"):
        column = page.get_by_role("region", name=family, exact=True)
        answers = column.get_by_role("list", name="its five likeliest answers")
        expect(answers.get_by_role("button", pressed=True)).to_have_count(1, timeout=WAIT)
        expect(column).not_to_have_class(re.compile("hl-busy"), timeout=WAIT)


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
    "templates=one+%7B%7D",
    "classes=dog%0Acup%0Acat",
    "over=30",
)


def test_a_link_opens_the_very_view(follow):
    page = follow("&".join(("v=1", *VIEW)))
    expect(caption(page, "vit")).to_contain_text("Grad-CAM for “dog”", timeout=WAIT)
    expect(page.get_by_label("Templates of CLIP's texts")).to_have_value("one {}")
    expect(page.locator("#clip .hl-classes button").first).to_have_text("Must pick one of 3")
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
    open_page, photo, tmp_path
):
    photo.save(tmp_path / "mine.png")
    page = open_page()
    looked_at(page)
    page.locator("#photo input[type=file]").set_input_files(tmp_path / "mine.png")
    page.wait_for_function("location.hash.includes('photo=upload:')", timeout=WAIT)
    looked_at(page)
    photo = re.search(r"photo=upload:\w{20}", page.url)[0]
    page.wait_for_timeout(1000)  # a reload amid an answer is an error that Gradio logs
    page.reload()
    has_address(page, "tab=explain", photo)
    looked_at(page)
    expect(page.locator(".hl-link-says")).to_be_hidden()
    other = open_page()
    looked_at(other)
    other.goto(page.url)
    expect(other.locator(".hl-link-says")).to_contain_text("bring yours", timeout=WAIT)


def test_a_picture_of_a_set_comes_with_the_classes_it_was_opened_with(follow):
    parts = (
        "tab=explain",
        "photo=picture:8:2000:toybox",
        "classes=airplane%0Acar%0Adog",
        "from=compare",
        "truth=car",
        "among=airplane%0Acar%0Adog",
        "labels_vit=airplane:+airplane%0Acar:+car%0Adog:+dog%3B+cat",
    )
    page = follow("&".join(("v=1", *parts)))
    for family in ("vit", "swin", "clip"):
        answers = page.locator(f"#{family} .hl-answers")
        expect(answers).to_contain_text("✓ car", timeout=WAIT)
        expect(answers.get_by_role("button", disabled=False)).to_have_count(3)
    expect(page.get_by_text("The picture shows “car” (✓).")).to_be_visible()
    expect(page.get_by_role("button", name="Back to Compare")).to_be_visible()
    has_address(page, *parts)
    page.get_by_role("button", name="a rocket").click()  # another photo, and the usual classes
    clip = page.get_by_role("region", name="CLIP", exact=True)
    expect(clip.get_by_role("button", name="Must pick one of 51")).to_be_visible(timeout=WAIT)
    has_address(page, "tab=explain", "photo=example:rocket")
    page.go_back()
    expect(page.locator("#clip .hl-answers")).to_contain_text("✓ car", timeout=WAIT)
    has_address(page, *parts)


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
    looked = page.get_by_role("img", name="The picture looked at: chair")  # the eighteenth
    expect(looked).to_be_visible(timeout=WAIT)
    has_address(page, *parts)
    box.fill("one {}")
    page.wait_for_function("location.hash.includes('templates=one')")


def test_a_map_comes_with_its_link(follow):
    parts = (
        "tab=map",
        "set=toybox",
        "layer=1/8",
        "method=pca",
        "templates=one+%7B%7D",
        "colour=right",
        "pictures=3,17",
    )
    page = follow("&".join(("v=1", *parts)))
    expect(page.get_by_role("heading", name="2 pictures selected")).to_be_visible(timeout=WAIT)
    for family in ("ViT", "Swin", "CLIP"):
        column = (
            page.get_by_role("tabpanel").filter(visible=True).get_by_role("region", name=family)
        )
        expect(column).to_contain_text("the two axes hold", timeout=WAIT)
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
    opened = page.get_by_label("The open picture")
    expect(opened).to_contain_text(re.compile(r"1 of \d+"), timeout=WAIT)
    page.locator(".hl-cell-pictures button").nth(2).click()
    page.wait_for_function("location.hash.includes('picture=')", timeout=WAIT)
    expect(opened).to_contain_text(re.compile(r"3 of \d+"), timeout=WAIT)
    fragment = page.url.partition("#")[2]
    other = follow(fragment)
    there = other.get_by_label("The open picture")
    expect(there).to_contain_text(re.compile(r"3 of \d+"), timeout=WAIT)
    shows = opened.get_by_role("heading", name="Shows:").inner_text()  # by now the third one's
    expect(there.get_by_role("heading", name="Shows:")).to_have_text(shows)
    expect(other.get_by_role("button", name="Rollout")).to_have_attribute("aria-pressed", "true")
    expect(other.get_by_role("combobox", name="Swin").filter(visible=True)).to_have_value("")
    has_address(other, *fragment.split("&")[1:])
