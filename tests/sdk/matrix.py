"""What the tests share: a demo, all clients for it, and how an answer is held against the documents."""

import itertools
import unittest

from clients import CUSTOMER_KEY, SCHEMES, Huawei, Nobody, every_client
from demo import Demo
from published import ENCRYPTIONS

CONTENT = "what the store keeps"


class Matrix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = Demo()
        cls.addClassCleanup(cls.demo.stop)
        cls.bucket = cls.demo.facts["bucket"]
        cls.clients = list(every_client(cls.demo))
        cls.nobody = [Nobody(cls.demo, scheme, dialect) for scheme in SCHEMES for dialect in ("obs", "amz")]
        # What is always allowed: for what a test needs before it begins, and for looking at what it left.
        cls.owner = Huawei(cls.demo, "https", "v4")
        for client in (*cls.clients, cls.owner):
            cls.addClassCleanup(client.close)
        for encryption in ENCRYPTIONS:
            answer = cls.owner.put(cls.bucket, f"kept/{encryption}", CONTENT, encryption)
            assert answer.status == 200, (encryption, answer)

    def each(self, check, *dimensions, clients=None):
        """Checks every client, with every one of `dimensions`. `check` also gets a key of its own."""
        for client, *rest in itertools.product(clients or self.clients, *dimensions):
            names = ["/".join(one) if isinstance(one, tuple) else one for one in rest]
            with self.subTest(client=client.id, of=names):
                check(client, "/".join([self._testMethodName, client.id, *names]), *rest)

    def judge(self, answer, expected):
        """Holds an answer against what the documents demand. True when it was allowed."""
        if expected is None:
            self.assertLess(answer.status, 300, answer)
            return True
        code, text = expected
        self.assertEqual((answer.status, answer.code), (400, code), answer)
        self.assertIn(text, answer.message)
        self.assertNotIn(CUSTOMER_KEY, answer.message)
        return False

    def assert_kept(self, key, encryption, content=CONTENT, bucket=None):
        """The store has this, encrypted so."""
        answer = self.owner.get(bucket or self.bucket, key, encryption)
        self.assertEqual((answer.status, answer.encryption, answer.body.decode()), (200, encryption, content))

    def assert_absent(self, key, bucket=None):
        """A refused request has not reached the store."""
        self.assertEqual(self.owner.head(bucket or self.bucket, key).status, 404)
