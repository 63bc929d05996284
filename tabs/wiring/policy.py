"""What the page's browser is told to allow: scripts of this server alone, nothing to or from anywhere else.

Gradio starts its page by scripts within the HTML, whose digests are named, and runs its components' `js_on_load` and
listeners' `js` by `new Function`, which is 'unsafe-eval'. A script that somebody smuggled into the HTML is not run.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from hashlib import sha256

INLINE = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
EMBEDDING = (
    "'self' https://huggingface.co https://*.hf.space" if os.environ.get("SPACE_ID") else "'self'"
)
ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)


def content_policy(html: bytes) -> bytes:
    """The content security policy of a page: its own inline scripts, by digest, and this server's files."""
    digests = sorted({_digest(script) for script in INLINE.findall(html)})
    allowed = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", "'unsafe-eval'", *digests]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "media-src": "'self' data: blob:",
        "connect-src": "'self' data: blob:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "frame-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": EMBEDDING,
    }
    return "; ".join(f"{name} {sources}" for name, sources in allowed.items()).encode()


def _digest(script: bytes) -> str:
    """As browsers reckon it: line ends are one letter to them."""
    plain = script.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return f"'sha256-{b64encode(sha256(plain).digest()).decode()}'"
