"""How many questions one open page and one address may have at once, and whose an address is."""

from types import SimpleNamespace

from starlette.requests import Request
from stub_gradio import refusal

from limits import OF_ONE_ADDRESS, OF_ONE_PAGE
from tabs.wiring import visitors


def event(session, here):
    scope = {"type": "http", "client": (here, 1), "headers": []}
    return SimpleNamespace(session_hash=session, request=Request(scope))


def fill(queue, events):
    half = len(events) // 2
    queue.event_queue_per_concurrency_id = {"a": SimpleNamespace(queue=events[:half])}
    queue.active_jobs = [None, events[half:]]


def test_a_page_has_its_share_of_the_queue(visitor, queue):
    fill(queue, [event("mine", "10.1.2.3")] * OF_ONE_PAGE)
    join = "/gradio_api/queue/join"
    assert "This page" in refusal(visitor.post(join, json={"session_hash": "mine"}), 429)
    assert visitor.post(join, json={"session_hash": "other"}).status_code == 200
    assert visitor.post("/gradio_api/cancel", json={"session_hash": "mine"}).status_code == 200


def test_an_address_has_its_share_of_the_queue(visitor, queue):
    fill(queue, [event(f"page{number}", "10.1.2.3") for number in range(OF_ONE_ADDRESS)])
    asked = {"session_hash": "new"}
    assert "network" in refusal(visitor.post("/gradio_api/call/x", json=asked), 429)
    fill(queue, [event(f"page{number}", "10.9.9.9") for number in range(OF_ONE_ADDRESS)])
    assert visitor.post("/gradio_api/call/x", json=asked).status_code == 200


def test_thirty_students_behind_one_address_find_places(visitor, queue):
    fill(queue, [event(f"page{number % 30}", "10.1.2.3") for number in range(29 * 8)])
    for number in range(30):
        asked = {"session_hash": f"page{number}"}
        assert visitor.post("/gradio_api/queue/join", json=asked).status_code == 200


def test_an_address_is_read_from_the_right_end_of_what_proxies_write(monkeypatch):
    scope = {"client": ("10.0.0.1", 1), "headers": [(b"x-forwarded-for", b"6.6.6.6, 1.2.3.4")]}
    assert visitors.address(scope) == "10.0.0.1", "anybody can write the header"
    monkeypatch.setenv("HEADLIGHT_PROXIES", "1")
    assert visitors.address(scope) == "1.2.3.4"
    monkeypatch.setenv("HEADLIGHT_PROXIES", "3")
    assert visitors.address(scope) == "10.0.0.1"
