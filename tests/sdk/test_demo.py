"""The demo itself, and the table that the other tests go by."""

import re
import shutil
import subprocess
import unittest

from clients import SCHEMES, Huawei
from demo import command
from matrix import CONTENT, Matrix
from published import demands, operations


class TheDemo(Matrix):
    def test_a_wrong_secret_is_the_stores_own_refusal(self):
        for scheme in SCHEMES:
            for signature in Huawei.SIGNATURES:
                with self.subTest(scheme=scheme, signature=signature):
                    client = Huawei(self.demo, scheme, signature, secret="wrong")
                    self.addCleanup(client.close)
                    answer = client.get(self.bucket, "kept/none", "none")
                    self.assertEqual((answer.status, answer.code), (403, "SignatureDoesNotMatch"))

    def test_each_decision_is_a_line_as_it_happens(self):
        client = Huawei(self.demo, "http", "v4")
        self.addCleanup(client.close)
        client.put("refused-bucket", "k", CONTENT, "sse-kms")
        client.put("allowed-bucket", "k", CONTENT)
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


class ThePublishedRows(unittest.TestCase):
    def test_every_operation_that_they_name_is_in_the_matrix(self):
        self.assertEqual(
            operations(),
            {
                "PutObject",
                "GetObject",
                "HeadObject",
                "CopyObject",
                "PostObject",
                "InitiateMultipartUpload",
                "UploadPart",
                "UploadPartCopy",
                "CompleteMultipartUpload",
            },
        )

    def test_they_demand_something_and_not_everything(self):
        for operation, source in (("PutObject", None), ("UploadPart", None), ("CopyObject", "sse-obs")):
            self.assertEqual(demands(operation, "sse-kms", source), (True, True))
        self.assertEqual(demands("HeadObject", "sse-kms"), (False, False))
        self.assertEqual(demands("HeadObject", "sse-c"), (True, False))
        self.assertEqual(demands("CompleteMultipartUpload", "sse-c"), (False, False))
        self.assertEqual(demands("PutObject", "sse-obs"), (False, False))
        self.assertEqual(demands("CopyObject", "sse-obs", "none"), (True, False))
        self.assertEqual(demands("CopyObject", "none", "sse-kms"), (False, False))
        self.assertEqual(demands("UploadPartCopy", "sse-kms", "none"), (False, False))
        self.assertEqual(demands("UploadPartCopy", "none", "sse-c"), (True, False))
