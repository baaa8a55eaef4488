"""A client that speaks HTTP/2: what the gate passes on carries the signature that the store verifies."""

import ssl

import httpx
from botocore.auth import HmacV1Auth, S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from clients import CUSTOMER_KEY, sse_headers
from matrix import CONTENT, Matrix
from published import ENCRYPTIONS, expectation
from wire import TIMEOUT, Answer, plain_names
from xml.etree import ElementTree

CHUNKS = [b"one ", b"", b"after " * 20_000, b"another"]


class Streamed(S3SigV4Auth):
    """Signs the head alone: a stream's bytes are not known before it ends."""

    def payload(self, request):
        return "UNSIGNED-PAYLOAD"


class Spoken:
    """`httpx` over HTTP/2, signed by botocore."""

    scheme, dialect = "https", "amz"

    def __init__(self, demo, signature):
        self.signature, self.version = signature, signature
        self.id = f"httpx-{signature}-http2"
        self.base = f"https://{demo.facts['domain']}:{demo.facts['https'].rpartition(':')[2]}"
        keys = Credentials(demo.facts["access-key"], demo.facts["secret-key"])
        self.auth = Streamed(keys, "s3", "region") if signature == "v4" else HmacV1Auth(keys)
        context = ssl.create_default_context(cafile=demo.facts["ca"])
        self.client = httpx.Client(http1=False, http2=True, verify=context, timeout=TIMEOUT)

    def close(self):
        self.client.close()

    def send(self, method, target, headers=None, content=b""):
        request = AWSRequest(method, self.base + target, headers=headers or {}, data=b"")
        self.auth.add_auth(request)
        response = self.client.request(
            method, self.base + target, headers=dict(request.headers), content=content or None
        )
        assert response.http_version == "HTTP/2", response.http_version
        answer = Answer(response.status_code, headers=plain_names(response.headers.items()), body=response.content)
        answer.code = answer.headers.get("error-code", "")
        if answer.status >= 400 and answer.body:
            error = ElementTree.fromstring(answer.body)
            answer.code, answer.message = error.findtext("Code"), error.findtext("Message")
        return answer


class Http2(Matrix):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.spoken = [Spoken(cls.demo, signature) for signature in ("v2", "v4")]
        for client in cls.spoken:
            cls.addClassCleanup(client.close)

    def test_put(self):
        def check(client, key, encryption):
            headers = sse_headers(client.dialect, encryption)
            answer = client.send("PUT", f"/{self.bucket}/{key}", headers, CONTENT.encode())
            if self.judge(answer, expectation("PutObject", encryption, client)):
                self.assertEqual(answer.encryption, encryption)
                self.assert_kept(key, encryption)
            else:
                self.assert_absent(key)

        self.each(check, ENCRYPTIONS, clients=self.spoken)

    def test_get(self):
        def check(client, _, encryption):
            headers = sse_headers(client.dialect, encryption) if encryption == "sse-c" else {}
            answer = client.send("GET", f"/{self.bucket}/kept/{encryption}", headers)
            if self.judge(answer, expectation("GetObject", encryption, client)):
                self.assertEqual((answer.encryption, answer.body.decode()), (encryption, CONTENT))
            else:
                self.assertNotIn(CONTENT.encode(), answer.body)

        self.each(check, ENCRYPTIONS, clients=self.spoken)

    def test_head_and_delete(self):
        def check(client, key):
            self.owner.put(self.bucket, key, CONTENT)
            answer = client.send("HEAD", f"/{self.bucket}/{key}")
            self.assertEqual((answer.status, answer.headers["content-length"]), (200, str(len(CONTENT))))
            self.assertEqual(client.send("DELETE", f"/{self.bucket}/{key}").status, 204)
            self.assert_absent(key)

        self.each(check, clients=self.spoken)

    def test_a_body_without_a_length(self):
        def check(client, key):
            answer = client.send("PUT", f"/{self.bucket}/{key}", content=iter(CHUNKS))
            self.assertEqual(answer.status, 200, answer)
            self.assert_kept(key, "none", b"".join(CHUNKS).decode())

        self.each(check, clients=self.spoken)

    def test_many_at_once_over_one_connection(self):
        client = self.spoken[1]
        keys = [f"many/{number}" for number in range(30)]
        for key in keys:
            self.assertEqual(client.send("PUT", f"/{self.bucket}/{key}", content=key.encode() * 1000).status, 200)
        for key in keys:
            self.assertEqual(client.send("GET", f"/{self.bucket}/{key}").body, key.encode() * 1000)

    def test_a_refusal_echoes_no_key(self):
        headers = sse_headers("amz", "sse-c") | {"x-amz-server-side-encryption-customer-key-MD5": "AAAA"}
        answer = self.spoken[1].send("PUT", f"/{self.bucket}/k", headers, CONTENT.encode())
        self.assertEqual(answer.status, 400)
        self.assertNotIn(CUSTOMER_KEY, answer.message)
