"""Requests as they are, without an SDK between: for presigned URLs and forms."""

import contextlib
import http.client
import secrets
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.etree import ElementTree

TIMEOUT = 20


@dataclass
class Answer:
    """What came back, whoever asked. Names of headers are in lower case, without the dialect's prefix."""

    status: int
    code: str = ""
    message: str = ""
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    upload_id: str = ""
    etag: str = ""

    @property
    def encryption(self):
        """What the answer says that the object is encrypted with."""
        method = self.headers.get("server-side-encryption", "").removeprefix("aws:")
        if method:
            return {"kms": "sse-kms", "AES256": "sse-obs"}[method]
        return "sse-c" if "server-side-encryption-customer-algorithm" in self.headers else "none"


def plain_names(headers):
    """Headers without the dialects' prefixes."""
    names = {}
    for name, value in headers:
        name = name.lower().removeprefix("x-obs-").removeprefix("x-amz-")
        names[name] = value
    return names


def send(url, ca, method, headers=(), body=None):
    """Sends one request on a connection of its own."""
    url = urlsplit(url)
    if url.scheme == "https":
        context = ssl.create_default_context(cafile=ca)
        connection = http.client.HTTPSConnection(url.hostname, url.port, timeout=TIMEOUT, context=context)
    else:
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=TIMEOUT)
    with contextlib.closing(connection):
        target = url.path + (f"?{url.query}" if url.query else "")
        connection.request(method, target, body, dict(headers))
        response = connection.getresponse()
        answer = Answer(response.status, headers=plain_names(response.getheaders()), body=response.read())
    answer.code = answer.headers.get("error-code", "")
    answer.message = answer.headers.get("error-message", "")
    if answer.status >= 400 and answer.body:
        error = ElementTree.fromstring(answer.body)
        answer.code, answer.message = error.findtext("Code"), error.findtext("Message")
    return answer


def post_form(url, ca, fields, file):
    """Sends a form as a browser does."""
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
        f"Content-Type: text/plain\r\n\r\n{file}\r\n--{boundary}--\r\n"
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return send(url, ca, "POST", headers, "".join(parts).encode())
