"""Multipart uploads: what their parts are encrypted with was said when they began, and is not said again."""

from matrix import CONTENT, Matrix
from published import ENCRYPTIONS, INSECURE, expectation, pairs


class Uploads(Matrix):
    def test_whole_uploads(self):
        """Where a step is refused, the owner takes it, so that the next one is asked all the same."""

        def check(client, key, encryption):
            sources = [source for source, target in pairs("UploadPartCopy") if target == encryption]
            upload_id = self.begin(client, key, encryption)
            etags = {}

            answer = client.part(self.bucket, key, upload_id, 1, CONTENT, encryption)
            if not self.judge(answer, expectation("UploadPart", encryption, client)):
                self.assertEqual(self.owner.parts(self.bucket, key, upload_id), [])
                answer = self.owner.part(self.bucket, key, upload_id, 1, CONTENT, encryption)
            etags[1] = answer.etag

            for number, source in enumerate(sources, 2):
                step = (self.bucket, key, upload_id, number, f"kept/{source}", source, encryption)
                answer = client.part_copy(*step)
                if not self.judge(answer, expectation("UploadPartCopy", encryption, client, source)):
                    self.assertEqual(self.owner.parts(self.bucket, key, upload_id), list(etags))
                    answer = self.owner.part_copy(*step)
                etags[number] = answer.etag

            self.assertTrue(all(etags.values()), etags)
            answer = client.complete(self.bucket, key, upload_id, etags)
            self.assertTrue(self.judge(answer, expectation("CompleteMultipartUpload", encryption, client)))
            self.assert_kept(key, encryption, CONTENT * (1 + len(sources)))

        self.each(check, ENCRYPTIONS)

    def begin(self, client, key, encryption):
        answer = client.initiate(self.bucket, key, encryption)
        if self.judge(answer, expectation("InitiateMultipartUpload", encryption, client)):
            self.assertEqual(answer.encryption, encryption)
        else:
            answer = self.owner.initiate(self.bucket, key, encryption)
        self.assertTrue(answer.upload_id, answer)
        return answer.upload_id

    def test_a_part_without_its_customer_key_is_known_by_its_upload(self):
        def check(client, key):
            upload_id = self.owner.initiate(self.bucket, key, "sse-c").upload_id
            answer = client.part(self.bucket, key, upload_id, 1, CONTENT, "none")
            if client.scheme == "http":
                self.judge(answer, INSECURE)
            else:
                # The store's own refusal.
                self.assertEqual((answer.status, answer.code), (400, "InvalidRequest"))
                self.assertIn("multipart upload initiate requested encryption", answer.message)

        self.each(check)

    def test_parts_of_an_unknown_upload_pass_only_with_https_and_v4(self):
        def check(client, key):
            others = self.owner.initiate(self.bucket, f"{key}/another").upload_id
            for upload_id in ("0123456789abcdef0123456789abcdef", "no%20id/at all\u00e9", others):
                self.judge_unknown(client, key, upload_id)

        self.each(check)

    def test_an_aborted_upload_is_unknown(self):
        def check(client, key):
            upload_id = self.owner.initiate(self.bucket, key).upload_id
            part = client.part(self.bucket, key, upload_id, 1, CONTENT, "none")
            self.assertTrue(self.judge(part, None))
            self.assertEqual(client.abort(self.bucket, key, upload_id).status, 204)
            self.judge_unknown(client, key, upload_id)

        self.each(check)

    def judge_unknown(self, client, key, upload_id):
        answer = client.part(self.bucket, key, upload_id, 1, CONTENT, "none")
        if (client.scheme, client.version) == ("https", "v4"):
            # No encryption would stand against it: the store may say what it is.
            self.assertEqual((answer.status, answer.code), (404, "NoSuchUpload"), answer)
        else:
            self.judge(answer, ("InvalidRequest", "Begin the upload through this endpoint"))
