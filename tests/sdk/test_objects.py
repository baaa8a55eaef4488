"""Put, get, head and copy, in every encryption."""

from clients import SCHEMES, Nobody
from matrix import CONTENT, Matrix
from published import ENCRYPTIONS, expectation, pairs


class Objects(Matrix):
    def test_put(self):
        def check(client, key, encryption):
            answer = client.put(self.bucket, key, CONTENT, encryption)
            if self.judge(answer, expectation("PutObject", encryption, client)):
                self.assertEqual(answer.encryption, encryption)
                self.assert_kept(key, encryption)
            else:
                self.assert_absent(key)

        self.each(check, ENCRYPTIONS)

    def test_get(self):
        def check(client, _, encryption):
            answer = client.get(self.bucket, f"kept/{encryption}", encryption)
            if self.judge(answer, expectation("GetObject", encryption, client)):
                self.assertEqual((answer.encryption, answer.body.decode()), (encryption, CONTENT))
            else:
                self.assertNotIn(CONTENT.encode(), answer.body)

        self.each(check, ENCRYPTIONS)

    def test_head(self):
        def check(client, _, encryption):
            answer = client.head(self.bucket, f"kept/{encryption}", encryption)
            if self.judge(answer, expectation("HeadObject", encryption, client)):
                self.assertEqual(int(answer.headers["content-length"]), len(CONTENT))

        self.each(check, ENCRYPTIONS)

    def test_copy(self):
        def check(client, key, pair):
            source, target = pair
            answer = client.copy(self.bucket, f"kept/{source}", source, key, target)
            if self.judge(answer, expectation("CopyObject", target, client, source)):
                self.assert_kept(key, target)
            else:
                self.assert_absent(key)

        self.each(check, pairs("CopyObject"))

    def test_unsigned(self):
        """In the bucket that anybody may read and write. No signature is not version 4."""
        bucket = self.demo.facts["public"]

        def check(client, key, encryption):
            answer = client.put(bucket, key, CONTENT, encryption)
            if self.judge(answer, expectation("PutObject", encryption, client)):
                self.assert_kept(key, encryption, bucket=bucket)
            else:
                self.assert_absent(key, bucket)
                self.assertEqual(self.owner.put(bucket, key, CONTENT, encryption).status, 200)
            answer = client.get(bucket, key, encryption)
            if self.judge(answer, expectation("GetObject", encryption, client)):
                self.assertEqual(answer.body.decode(), CONTENT)

        nobody = [Nobody(self.demo, scheme, dialect) for scheme in SCHEMES for dialect in ("obs", "amz")]
        self.each(check, ENCRYPTIONS, clients=nobody)
