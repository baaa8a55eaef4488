"""Put, get, head and copy with Huawei's own SDK, through the gate: every signature, transport and encryption."""

import itertools
import re
import shutil
import subprocess
import unittest

from obs import CopyObjectHeader, GetObjectHeader, PutObjectHeader, SseCHeader, SseKmsHeader

from demo import Demo, command, resolve_localhost
from published import demands, expectation

SIGNATURES = ("obs", "v2", "v4")
SCHEMES = ("http", "https")
ENCRYPTIONS = ("none", "sse-kms", "sse-c")
CUSTOMER_KEY = "0123456789abcdef0123456789abcdef"
CONTENT = "what the store keeps"


def sse(encryption):
    if encryption == "sse-kms":
        return SseKmsHeader.getInstance()
    if encryption == "sse-c":
        return SseCHeader(encryption="AES256", key=CUSTOMER_KEY)
    return None


def customer_key(encryption):
    return sse(encryption) if encryption == "sse-c" else None


class Gate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        resolve_localhost()
        cls.demo = Demo()
        cls.addClassCleanup(cls.demo.stop)
        cls.bucket = cls.demo.facts["bucket"]
        # Objects to read and to copy, put there the way that is always allowed.
        with cls.demo.client("https", "v4") as client:
            for encryption in ENCRYPTIONS:
                headers = PutObjectHeader(sseHeader=sse(encryption))
                put = client.putContent(cls.bucket, f"kept/{encryption}", CONTENT, headers=headers)
                assert put.status == 200, (encryption, put)

    def each(self, check, *more):
        """Checks every transport and signature, with every one of `more`, each with a client of its own."""
        for scheme, signature, *rest in itertools.product(SCHEMES, SIGNATURES, *more):
            with self.subTest(scheme=scheme, signature=signature, encryption=rest):
                with self.demo.client(scheme, signature) as client:
                    check(client, scheme, signature, *rest)

    def judge(self, answer, expected, has_body=True):
        """Holds the SDK's answer against what the documents demand. True when it was allowed."""
        if expected is None:
            self.assertLess(answer.status, 300, (answer.errorCode, answer.errorMessage))
            return True
        code, text = expected
        self.assertEqual(answer.status, 400)
        if has_body:
            self.assertEqual(answer.errorCode, code)
            self.assertIn(text, answer.errorMessage)
            self.assertNotIn(CUSTOMER_KEY, answer.errorMessage)
        else:
            headers = dict(answer.header)
            self.assertEqual(headers.get("error-code"), code, headers)
            self.assertIn(text, headers.get("error-message", ""))
        return False

    def test_put(self):
        def check(client, scheme, signature, encryption):
            key = f"put/{scheme}/{signature}/{encryption}"
            headers = PutObjectHeader(sseHeader=sse(encryption))
            answer = client.putContent(self.bucket, key, CONTENT, headers=headers)
            expected = expectation("PutObject", None, encryption, scheme, signature)
            if self.judge(answer, expected):
                self.assertEqual(answer.body.sseKms is not None, encryption == "sse-kms")
                self.assertEqual(answer.body.sseC is not None, encryption == "sse-c")
            else:
                self.assert_absent(key)

        self.each(check, ENCRYPTIONS)

    def test_get(self):
        def check(client, scheme, signature, encryption):
            headers = GetObjectHeader(sseHeader=customer_key(encryption))
            key = f"kept/{encryption}"
            answer = client.getObject(self.bucket, key, loadStreamInMemory=True, headers=headers)
            expected = expectation("GetObject", None, encryption, scheme, signature)
            if self.judge(answer, expected):
                self.assertEqual(answer.body.buffer.decode(), CONTENT)

        self.each(check, ENCRYPTIONS)

    def test_head(self):
        def check(client, scheme, signature, encryption):
            key = f"kept/{encryption}"
            answer = client.getObjectMetadata(self.bucket, key, sseHeader=customer_key(encryption))
            expected = expectation("HeadObject", None, encryption, scheme, signature)
            if self.judge(answer, expected, has_body=False):
                self.assertEqual(answer.body.contentLength, len(CONTENT))

        self.each(check, ENCRYPTIONS)

    def test_copy(self):
        def check(client, scheme, signature, source, target):
            key = f"copy/{scheme}/{signature}/{source}/{target}"
            headers = CopyObjectHeader(
                destSseHeader=sse(target), sourceSseHeader=customer_key(source)
            )
            answer = client.copyObject(
                self.bucket, f"kept/{source}", self.bucket, key, headers=headers
            )
            expected = expectation("CopyObject", source, target, scheme, signature)
            if self.judge(answer, expected):
                self.assertIsNotNone(answer.body.etag)
            else:
                self.assert_absent(key)

        self.each(check, ENCRYPTIONS, ENCRYPTIONS)

    def test_a_wrong_secret_is_the_stores_own_refusal(self):
        for scheme, signature in itertools.product(SCHEMES, SIGNATURES):
            with self.subTest(scheme=scheme, signature=signature):
                with self.demo.client(scheme, signature, secret="wrong") as client:
                    answer = client.getObject(self.bucket, "kept/none", loadStreamInMemory=True)
                    self.assertEqual((answer.status, answer.errorCode), (403, "SignatureDoesNotMatch"))

    def test_the_documents_demand_something_of_each_operation(self):
        for operation, source in (("PutObject", None), ("GetObject", None), ("CopyObject", "none")):
            self.assertEqual(demands(operation, source, "sse-kms"), (True, True))
        self.assertEqual(demands("HeadObject", None, "sse-kms"), (False, False))
        self.assertEqual(demands("HeadObject", None, "sse-c"), (True, False))
        self.assertEqual(demands("CopyObject", "sse-kms", "none"), (False, False))

    def test_each_decision_is_a_line_as_it_happens(self):
        headers = PutObjectHeader(sseHeader=sse("sse-kms"))
        with self.demo.client("http", "v4") as client:
            client.putContent("refused-bucket", "k", CONTENT, headers=headers)
            client.putContent("allowed-bucket", "k", CONTENT)
        line = self.demo.line("refused", "http", "PutObject", "bucket=refused-bucket")
        self.assertIn("sse-kms", line or self.demo.lines)
        self.assertIsNotNone(self.demo.line("allowed", "http", "PutObject", "bucket=allowed-bucket"))

    def test_a_port_in_use_is_a_clear_error(self):
        port = self.demo.facts["http"].rpartition(":")[2]
        second = subprocess.run(command(http=port), capture_output=True, text=True, timeout=20)
        self.assertEqual((second.returncode, second.stdout), (69, ""))
        self.assertIn(f"`127.0.0.1:{port}` is already in use", second.stderr)

    @unittest.skipUnless(shutil.which("curl"), "needs curl")
    def test_the_printed_curl_lines_do_what_they_say(self):
        statuses, answers = [], []
        for line in self.demo.curl:
            run = subprocess.run(line + " --silent --max-time 20", shell=True, capture_output=True, text=True)
            statuses.append(re.match(r"HTTP/\S+ (\d+)", run.stdout + "\n").group(1))
            answers.append(run.stdout)
        self.assertEqual(statuses, ["200", "400", "400", "400"], answers)
        for answer, text in zip(answers[1:], ("secure connection", "secure connection", "Signature Version 4")):
            self.assertIn(text, answer)

    def assert_absent(self, key):
        """A refused request has not reached the store."""
        with self.demo.client("https", "v4") as client:
            self.assertEqual(client.getObjectMetadata(self.bucket, key).status, 404)


if __name__ == "__main__":
    unittest.main()
