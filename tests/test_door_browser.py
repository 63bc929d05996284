"""The page in a real browser under its content security policy: all four tabs work, and a smuggled script does not run.

`open_page` fails a test for any error in the console, which is where a browser tells what the policy stopped.
"""

from playwright.sync_api import expect

SMUGGLED = """() => {
    const script = document.createElement("script");
    script.textContent = "window.smuggled = true";
    document.body.append(script);
    const image = document.createElement("img");
    image.setAttribute("onerror", "window.smuggled = true");
    image.src = "data:image/png;base64,x";
    document.body.append(image);
}"""


def test_all_four_tabs_work_under_the_policy(open_page):
    page = open_page()
    expect(page.locator(".hl-columns canvas").first).to_be_visible(timeout=120_000)
    for tab in ("Prompts", "Map", "Compare"):
        page.get_by_role("tab", name=tab).click()
        panel = page.get_by_role("tabpanel").filter(visible=True)
        expect(panel.get_by_text("%").first).to_be_visible(timeout=180_000)


def test_a_smuggled_script_does_not_run(chromium, address):
    page = chromium.new_page()
    answer = page.goto(address)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    refused = []
    page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    page.evaluate(SMUGGLED)
    page.wait_for_timeout(1000)
    assert page.evaluate("window.smuggled") is None
    assert any("Content Security Policy" in text for text in refused)
    page.close()
