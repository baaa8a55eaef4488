"""Forms of browsers: neither signature nor encryption is in the head."""

from matrix import CONTENT, Matrix
from published import ENCRYPTIONS, expectation
from wire import post_form


class Forms(Matrix):
    def test_signed(self):
        def check(client, key, encryption):
            self.post(client, self.bucket, key, client.form(self.bucket, key, encryption), encryption)

        self.each(check, ENCRYPTIONS)

    def test_signed_by_token(self):
        """Access key, signature and policy of version 2 in one field."""

        def check(client, key, encryption):
            fields = client.form(self.bucket, key, encryption)
            access_key = fields.pop("AccessKeyId", None) or fields.pop("AWSAccessKeyId")
            token = ":".join((access_key, fields.pop("signature"), fields.pop("policy")))
            self.post(client, self.bucket, key, {**fields, "token": token}, encryption)

        clients = [client for client in self.clients if client.version == "v2"]
        self.each(check, ENCRYPTIONS, clients=clients)

    def test_unsigned(self):
        def check(client, key, encryption):
            bucket = self.demo.facts["public"]
            self.post(client, bucket, key, client.form(bucket, key, encryption), encryption)

        self.each(check, ENCRYPTIONS, clients=self.nobody)

    def post(self, client, bucket, key, fields, encryption):
        answer = post_form(client.url(bucket), client.ca, fields, CONTENT)
        if self.judge(answer, expectation("PostObject", encryption, client)):
            self.assertEqual(answer.encryption, encryption)
            self.assert_kept(key, encryption, bucket=bucket)
        else:
            self.assert_absent(key, bucket)
