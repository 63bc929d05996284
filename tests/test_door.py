"""The door in front of the page: what a stranger may send over HTTP, and the headers and sentences that come back."""

import json
import re
import threading
import time
from base64 import b64encode
from hashlib import sha256
from types import SimpleNamespace

import gradio as gr
import httpx
import pytest
from gradio.context import LocalContext
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from limits import GONE_SECONDS, OF_ONE_ADDRESS, OF_ONE_PAGE, UNUSED_SECONDS
from tabs.api.endpoint import told_plainly
from tabs.wiring import door, listening, uploads, visitors
from tabs.wiring.lines import replies
from tabs.wiring.policy import content_policy
from tabs.wiring.question import Refused, read_question
from tabs.wiring.slowly import Step, silent, stepwise

EVENT = SimpleNamespace(fn=print, inputs=[], api_name="x")


class Stub(Starlette):
    """Gradio's place behind the door: says what reached it, or breaks as Gradio does."""

    def __init__(self, queue):
        async def echo(request):
            return JSONResponse({"body": (await request.body()).decode()})

        async def broken(request):
            raise AttributeError("'list' object has no attribute 'get'")

        async def page(request):
            return HTMLResponse("<script>start()</script><script src='a.js'></script>")

        async def upload(request):
            path = self.folder / "digest" / "photo.png"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(await request.body())
            return JSONResponse([str(path)])

        both = {"methods": ["GET", "POST"]}
        routes = [
            Route("/", page),
            Route("/gradio_api/upload", upload, methods=["POST"]),
            Route("/gradio_api/call/broken", broken, **both),
            Route("/{path:path}", echo, **both),
        ]
        super().__init__(routes=routes, middleware=door.door())
        self.queue, self.folder = queue, None

    def get_blocks(self):
        """An app with any number of events that take anything."""

        class Events(dict):
            def get(self, number, usual=None):
                return EVENT

            def values(self):
                return [
                    SimpleNamespace(**{**vars(EVENT), "api_name": name}) for name in ("x", "broken")
                ]

        return SimpleNamespace(_queue=self.queue, fns=Events(), head="<script>headed()</script>")


@pytest.fixture
def queue():
    return SimpleNamespace(event_queue_per_concurrency_id={}, active_jobs=[])


@pytest.fixture
def visitor(queue, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    stub = Stub(queue)
    stub.folder = tmp_path
    with TestClient(stub, client=("10.1.2.3", 5)) as client:
        yield client


def refusal(answer, status):
    assert answer.status_code == status
    sentence = answer.json()["detail"]
    assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 300
    return sentence


def test_every_answer_has_the_headers_that_browsers_heed(visitor):
    for path in ("/", "/gradio_api/info", "/gradio_api/file=http://example.org/a"):
        headers = visitor.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_the_pages_own_scripts_are_named_and_no_others(visitor):
    policy = visitor.get("/").headers["content-security-policy"]
    scripts = re.search(r"script-src ([^;]*)", policy)[1].split()
    assert "'self'" in scripts and "'unsafe-inline'" not in scripts
    wanted = [b64encode(sha256(text).digest()).decode() for text in (b"start()", b"headed()")]
    assert sorted(each for each in scripts if "sha256" in each) == sorted(
        f"'sha256-{digest}'" for digest in wanted
    )
    assert "object-src 'none'" in policy and "default-src 'self'" in policy
    assert b"sha256" not in content_policy(b"<p>no script</p>")


@pytest.mark.parametrize(
    "path",
    [
        "file=http://example.org/a.png",
        "file=HTTPS://169.254.169.254/",
        "file/http://example.org",
        "file=%2f%2fexample.org/a",
        "proxy=https://example.org",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_address_on_the_web_is_relayed(visitor, path, method):
    answer = visitor.request(method, f"/gradio_api/{path}")
    assert answer.status_code in (403, 404)
    if method == "GET":
        assert "body" not in answer.json()


def test_a_file_of_the_page_is_served(visitor):
    assert visitor.get("/gradio_api/file=/tmp/a b/c:d.png").status_code == 200


@pytest.mark.parametrize("path", ["/monitoring", "/gradio_api/vibe-code", "/gradio_api/file=a%00b"])
def test_what_the_page_does_not_need_is_closed(visitor, path):
    refusal(visitor.get(path), 404)


@pytest.mark.parametrize(
    "asked",
    [
        b"{",
        b"[]",
        b'"a"',
        b"[" * 15_000,
        b'{"data": ' + b"[" * 15_000 + b"]" * 15_000 + b"}",
        b'{"data": [NaN]}',
        b'{"data": [Infinity]}',
        b'{"data": [18446744073709551616]}',
        b'{"data": [' + b"9" * 5000 + b"]}",
        b'{"session_hash": "\\ud800"}',
        b'{"data": ["a\\uDC00b"]}',
        b'{"session_hash": 5}',
        b'{"session_hash": "a b"}',
        b'{"event_id": ["a"]}',
        b'{"fn_index": "1"}',
        b'{"fn_index": -1}',
        b'{"trigger_id": true}',
        b'{"data": {}}',
        b'{"data": [' + b"0," * 30 + b"0]}",
        b'{"data": [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}]}',
        b'{"data": [{"path": "a.png", "meta": {"_type": "gradio.FileData"}}]}',
        b'{"data": [{"path": 5, "meta": {"_type": "gradio.FileData"}}]}',
        b'{"data": [{"path": "a", "meta": []}]}',
        b'{"data": [{"meta": {"_type": "gradio.FileData"}}]}',
        b'{"data": [[{"path": "http://example.org", "meta": {"_type": "gradio.FileData"}}]]}',
        b'{"data": [{"path": "a\\u0000b"}]}',
        b"\xff\xfe",
    ],
)
def test_what_no_page_sends_is_one_sentence(visitor, asked, caplog):
    refused = visitor.post("/gradio_api/queue/join", content=asked)
    assert refused.status_code in (400, 413)
    refusal(refused, refused.status_code)
    assert not [record for record in caplog.records if record.exc_info]


def test_what_a_page_sends_goes_through_whole(visitor, tmp_path):
    path = tmp_path / "digest" / "photo.png"
    file = {
        "path": str(path),
        "url": f"http://testserver/gradio_api/file={path}",
        "orig_name": "photo.png",
        "size": 5,
        "mime_type": "image/png",
        "meta": {"_type": "gradio.FileData"},
    }
    asked = {
        "data": [file, {"set": "toybox", "serial": 3, "text": "ä 𝄞 {}"}, None, 1.5],
        "event_data": None,
        "fn_index": 4,
        "trigger_id": 12,
        "session_hash": "k3j2l1",
    }
    for body in (json.dumps(asked), json.dumps(asked, ensure_ascii=False)):
        answer = visitor.post("/gradio_api/queue/join", content=body)
        assert json.loads(answer.json()["body"]) == asked


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["path", "meta", "_type", "data", "session_hash", "x"]), inner
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(JSON | st.binary(max_size=50))
def test_any_question_is_read_or_refused(asked):
    body = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
    try:
        assert isinstance(read_question(body), dict)
    except Refused as refused:
        assert str(refused).endswith(".") and 400 <= refused.status < 500


def test_a_question_has_a_size(visitor):
    start = time.process_time()
    refusal(visitor.post("/gradio_api/queue/join", content=b'{"a": "' + b"x" * 16_000_001), 413)
    refusal(visitor.post("/gradio_api/queue/join", content=b'{"a": [' + b"[]," * 5_000_000), 413)
    assert time.process_time() - start < 10


def test_what_breaks_inside_is_one_sentence_and_one_line_of_the_log(visitor, caplog):
    refusal(visitor.post("/gradio_api/call/broken", json={"data": []}), 400)
    (line,) = [each for each in caplog.records if each.name == "tabs.wiring.door"]
    assert "AttributeError" in line.getMessage() and not line.exc_info


@pytest.mark.parametrize(
    "path", ["queue/data?session_hash=%F0%90", "queue/data?session_hash=a%20b", "heartbeat/a%20b"]
)
def test_an_open_page_has_a_plain_name(visitor, path):
    refusal(visitor.get(f"/gradio_api/{path}"), 400)


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


# Uploads.


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(time=1000.0)
    monkeypatch.setattr(uploads, "monotonic", lambda: now.time)
    return now


@pytest.fixture
def kept(tmp_path, monkeypatch, clock):
    """What has been uploaded, and a function that uploads."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    found = uploads.Uploads()

    def bring(name, size=10, owner="here"):
        path = tmp_path / f"digest-{name}" / name
        path.parent.mkdir()
        path.write_bytes(bytes(size))
        found.make_room(owner)
        found.brought(owner, json.dumps([str(path)]).encode())
        return path

    return found, bring


def ask(found, session, path):
    found.asked(session, {"data": [{"path": str(path), "meta": {}}]})


def test_an_upload_goes_when_its_visitor_has_gone(kept, clock):
    found, bring = kept
    mine, shared = bring("mine.zip"), bring("shared.zip")
    with found.visit("other"):
        with found.visit("me"):
            ask(found, "me", mine)
            ask(found, "me", shared)
            ask(found, "other", shared)
            clock.time += 100_000
            found.sweep()
            assert mine.exists() and shared.exists(), "the page is open"
        clock.time += GONE_SECONDS - 1
        found.sweep()
        assert mine.exists(), "a reload comes back"
        clock.time += 2
        found.sweep()
        assert not mine.exists() and not mine.parent.exists()
        assert shared.exists()
    clock.time += GONE_SECONDS + 1
    found.sweep()
    assert not shared.exists()


def test_an_upload_without_a_page_goes_after_a_while(kept, clock):
    found, bring = kept
    path = bring("a.zip")
    clock.time += UNUSED_SECONDS - 1
    ask(found, None, path)
    clock.time += UNUSED_SECONDS - 1
    found.sweep()
    assert path.exists()
    clock.time += 2
    found.sweep()
    assert not path.exists()


def test_uploads_are_bounded(kept, clock, monkeypatch):
    found, bring = kept
    monkeypatch.setattr(uploads, "UPLOADED_OF_ONE_ADDRESS", 100)
    monkeypatch.setattr(uploads, "UPLOADED_BYTES", 150)
    first = bring("first", 60)
    clock.time += 1
    bring("second", 60)
    with pytest.raises(Refused, match="Your network has uploaded"):
        bring("third", 60)
    clock.time += 1
    bring("fourth", 60, owner="elsewhere")
    found.sweep()
    assert not first.exists(), "the oldest makes room"
    assert found.make_room("here") is None


def test_an_upload_is_noted_at_the_door(visitor, monkeypatch):
    monkeypatch.setattr(uploads, "UPLOADS_OF_ONE_ADDRESS", 1)
    assert visitor.post("/gradio_api/upload", content=b"abc").status_code == 200
    refusal(visitor.post("/gradio_api/upload", content=b"abc"), 429)


def test_an_upload_is_counted_as_it_comes(visitor, monkeypatch):
    monkeypatch.setattr(door, "UPLOAD_BYTES", 1000)
    content = (b"x" * 100_000 for _ in range(20))
    refusal(visitor.post("/gradio_api/upload", content=content), 413)


# Work whose asker has left.


@pytest.fixture
def job():
    """The question that runs in this context, as Gradio keeps it."""
    job = SimpleNamespace(_id="number", alive=True)
    queue = SimpleNamespace(active_jobs=[None, [SimpleNamespace(_id="other", alive=True), job]])
    marks = [
        (LocalContext.blocks, LocalContext.blocks.set(SimpleNamespace(_queue=queue))),
        (LocalContext.event_id, LocalContext.event_id.set("number")),
    ]
    yield job
    for variable, mark in marks:
        variable.reset(mark)


def test_work_ends_when_its_asker_has_left(job):
    steps = []
    told = listening.patient(steps.append, 100)
    told(Step(0.1, "x"))
    job.alive = False
    with pytest.raises(listening.Stopped):
        told(Step(0.2, "x"))
    assert steps == [Step(0.1, "x")]


def test_work_in_a_thread_ends_even_if_nobody_takes_its_steps(job):
    """Gradio takes no more steps of a generator whose asker has left, and does not close it either."""
    ended = threading.Event()

    def work(told):
        try:
            while True:
                told(0.5)
                time.sleep(0.01)
        finally:
            ended.set()

    steps = stepwise(work)
    assert next(steps) == 0.5
    job.alive = False
    assert ended.wait(10)


def test_a_question_whose_asker_has_left_is_no_mistake_of_ours(job, caplog):
    def work(told):
        job.alive = False
        told(Step(0.5, "x"))

    assert list(replies({"serial": 1}, work)) == [{"error": str(listening.Stopped()), "serial": 1}]
    with pytest.raises(gr.Error), told_plainly():
        listening.patient(silent, 100)(Step(0, "x"))
    assert not caplog.records


def test_a_question_has_its_time(monkeypatch):
    now = SimpleNamespace(time=0.0)
    monkeypatch.setattr(listening, "monotonic", lambda: now.time)
    told = listening.patient(silent, 600)
    now.time = 599
    told(Step(0, "x"))
    now.time = 601
    with pytest.raises(ValueError, match=r"more than 10 minutes\. Ask again"):
        told(Step(0, "x"))


# With Gradio behind it.


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("cache")))
        import app

        blocks = app.page()
        _, address, _ = app.launch(blocks, prevent_thread_lock=True, quiet=True)
        yield address.rstrip("/")
        blocks.close()


def test_hostile_requests_to_the_page_leave_no_traceback(served, caplog, capfd):
    for name in ("classify", "explain", "score_prompts", "embedding_map", "compare", "map_near"):
        for data in ([], [None] * 8, [{}] * 3, ["a"] * 9, [{"path": "/etc/passwd"}] * 4, None):
            answer = httpx.post(f"{served}/gradio_api/call/{name}", json={"data": data}, timeout=60)
            if answer.status_code == 200 and "event_id" in answer.json():
                number = answer.json()["event_id"]
                told = httpx.get(f"{served}/gradio_api/call/{name}/{number}", timeout=60).text
                assert "event: " in told
            else:
                assert 400 <= answer.status_code < 500
    said = capfd.readouterr()
    assert "Traceback" not in said.err + said.out
    assert not [record for record in caplog.records if record.exc_info]
