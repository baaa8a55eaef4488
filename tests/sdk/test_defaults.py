"""A bucket's default encryption, set through the gate: then uploads that name none are judged by it."""

from matrix import CONTENT, Matrix
from published import ENCRYPTIONS, expectation
from wire import post_form

DEFAULTS = ("sse-kms", "sse-obs")


class Defaults(Matrix):
    def test_a_default_counts_until_it_is_deleted(self):
        def check(client, key, default):
            bucket = f"{client.id}-{default}"
            self.assertEqual(self.owner.create_bucket(bucket).status, 200)
            self.assertEqual(self.owner.put(bucket, "source", CONTENT).status, 200)
            self.plain_uploads(client, bucket, "none")
            setter = client if client.signs_encryption else self.owner
            self.assertEqual(setter.set_default(bucket, default).status, 200)
            self.plain_uploads(client, bucket, default)
            self.assertEqual(setter.delete_default(bucket).status, 204)
            self.plain_uploads(client, bucket, "none")

        self.each(check, DEFAULTS)

    def plain_uploads(self, client, bucket, default):
        """Uploads that name no encryption, each of its kind."""

        def judge(answer, operation, source=None):
            return self.judge(answer, expectation(operation, default, client, source))

        def keeps(key, allowed):
            if allowed:
                self.assert_kept(key, default, bucket=bucket)
                self.assertEqual(self.owner.sdk.deleteObject(bucket, key).status, 204)
            else:
                self.assert_absent(key, bucket)

        keeps("put", judge(client.put(bucket, "put", CONTENT), "PutObject"))
        keeps("copy", judge(client.copy(bucket, "source", "none", "copy", "none"), "CopyObject", "none"))
        form = post_form(client.url(bucket), client.ca, client.form(bucket, "form", "none"), CONTENT)
        keeps("form", judge(form, "PostObject"))
        begun = client.initiate(bucket, "upload")
        if judge(begun, "InitiateMultipartUpload"):
            self.assertEqual(begun.encryption, default)
            part = client.part(bucket, "upload", begun.upload_id, 1, CONTENT, "none")
            self.assertTrue(judge(part, "UploadPart"))

    def test_what_an_upload_names_goes_before_the_default(self):
        buckets = {default: f"named-over-{default}" for default in DEFAULTS}
        for default, bucket in buckets.items():
            self.assertEqual(self.owner.create_bucket(bucket).status, 200)
            self.assertEqual(self.owner.set_default(bucket, default).status, 200)

        def check(client, key, default, encryption):
            bucket = buckets[default]
            answer = client.put(bucket, key, CONTENT, encryption)
            if self.judge(answer, expectation("PutObject", encryption, client)):
                self.assert_kept(key, encryption, bucket=bucket)
            else:
                self.assert_absent(key, bucket)

        self.each(check, DEFAULTS, [one for one in ENCRYPTIONS if one != "none"])

    def test_an_upload_keeps_what_it_began_with(self):
        """Its bucket's default is another by the time its parts come."""

        def check(client, key):
            bucket = f"kept-{client.id}"
            self.assertEqual(self.owner.create_bucket(bucket).status, 200)
            self.assertEqual(self.owner.set_default(bucket, "sse-kms").status, 200)
            upload_id = self.owner.initiate(bucket, key).upload_id
            self.assertEqual(self.owner.delete_default(bucket).status, 204)
            answer = client.part(bucket, key, upload_id, 1, CONTENT, "none")
            self.judge(answer, expectation("UploadPart", "sse-kms", client))

        self.each(check)
