"""Put, get, head and copy, in every encryption."""

from clients import Huawei
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

    def test_append(self):
        """The documents have no rows for it: it is put. Only Huawei's SDK can do it."""

        def check(client, key, encryption):
            expected = expectation("PutObject", encryption, client)
            for position in (0, len(CONTENT)):
                answer = client.append(self.bucket, key, position, CONTENT, encryption)
                if not self.judge(answer, expected):
                    answer = self.owner.append(self.bucket, key, position, CONTENT, encryption)
                    self.assertEqual(answer.status, 200, answer)
            self.assert_kept(key, encryption, CONTENT * 2)

        clients = [client for client in self.clients if isinstance(client, Huawei)]
        self.each(check, ENCRYPTIONS, clients=clients)

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

        self.each(check, ENCRYPTIONS, clients=self.nobody)
