"""Presigned URLs, sent without an SDK."""

from matrix import CONTENT, Matrix
from published import ENCRYPTIONS, expectation
from wire import send


class Presigned(Matrix):
    def test_put(self):
        def check(client, key, encryption):
            url, headers = client.presign("PUT", self.bucket, key, encryption)
            answer = send(url, client.ca, "PUT", headers, CONTENT)
            if self.judge(answer, expectation("PutObject", encryption, client)):
                self.assert_kept(key, encryption)
            else:
                self.assert_absent(key)

        self.each(check, ENCRYPTIONS)

    def test_get(self):
        def check(client, _, encryption):
            answer = self.read(client, "GET", encryption)
            if self.judge(answer, expectation("GetObject", encryption, client)):
                self.assertEqual((answer.encryption, answer.body.decode()), (encryption, CONTENT))
            else:
                self.assertNotIn(CONTENT.encode(), answer.body)

        self.each(check, ENCRYPTIONS)

    def test_head(self):
        def check(client, _, encryption):
            answer = self.read(client, "HEAD", encryption)
            if self.judge(answer, expectation("HeadObject", encryption, client)):
                self.assertEqual(int(answer.headers["content-length"]), len(CONTENT))

        self.each(check, ENCRYPTIONS)

    def read(self, client, method, encryption):
        stated = encryption if encryption == "sse-c" else "none"
        url, headers = client.presign(method, self.bucket, f"kept/{encryption}", stated)
        return send(url, client.ca, method, headers)
