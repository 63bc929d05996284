"""A Hub on this machine with one repository, o/n: what huggingface_hub asks for over HTTP, so that its own code runs."""

import hashlib
import http.server
import json
import re
import threading
from urllib.parse import unquote, urlsplit

SHA = "a" * 40
INFO = re.compile(r"/api/(?:datasets|models)/o/n(?:/revision/.+)?")
TREE = re.compile(rf"/api/(?:datasets|models)/o/n/tree/{SHA}")
FILE = re.compile(rf"(?:/datasets)?/o/n/resolve/(?:refs/convert/parquet|main|{SHA})/(.+)")
NOWHERE = "http://127.0.0.1:9"


class FakeHub(http.server.ThreadingHTTPServer):
    """files: name → bytes; broken: names whose download fails; asked: (path, Authorization) of every request."""

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), FakeHubAnswer)
        self.files, self.broken, self.asked = files, set(), []
        self.refuses = 0  # with this status, every question
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_port}"


class FakeHubAnswer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = unquote(urlsplit(self.path).path)
        self.server.asked.append((path, self.headers.get("Authorization")))
        file = FILE.fullmatch(path)
        if self.server.refuses:
            self.answer(b"{}", self.server.refuses)
        elif INFO.fullmatch(path):
            files = self.server.files.items()
            siblings = [{"rfilename": name, "size": len(content)} for name, content in files]
            self.answer(json.dumps({"id": "o/n", "sha": SHA, "siblings": siblings}).encode())
        elif TREE.fullmatch(path):
            files = self.server.files.items()
            tree = [
                {"type": "file", "path": name, "size": len(content), "oid": SHA}
                for name, content in files
            ]
            self.answer(json.dumps(tree).encode(), **{"Content-Type": "application/json"})
        elif file and file[1] in self.server.files and file[1] not in self.server.broken:
            content = self.server.files[file[1]]
            tag = hashlib.sha1(content).hexdigest()
            self.answer(content, **{"X-Repo-Commit": SHA, "ETag": f'"{tag}"'})
        else:
            known = path.startswith("/api/datasets/o/uncopied")
            error = "RevisionNotFound" if known else "RepoNotFound"
            self.answer(b"{}", 404, **{"X-Error-Code": error})

    do_HEAD = do_GET

    def answer(self, content, status=200, **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *_):
        pass
