"""The door in front of the page: what a stranger may send over HTTP, and the headers and sentences that come back."""

import json
import re
import time
from base64 import b64encode
from hashlib import sha256

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stub_gradio import refusal

from tabs.wiring.policy import content_policy
from tabs.wiring.question import Refused, read_question


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
