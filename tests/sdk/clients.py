"""The SDKs behind one face: each client is one SDK, one signature and one transport."""

import base64
import hashlib

import boto3
import botocore.config
from botocore.exceptions import ClientError
from obs import (
    AppendObjectContent,
    AppendObjectHeader,
    CompleteMultipartUploadRequest,
    CompletePart,
    CopyObjectHeader,
    GetObjectHeader,
    ObsClient,
    PutObjectHeader,
    SseCHeader,
    SseKmsHeader,
)

from wire import TIMEOUT, Answer, plain_names, send

CUSTOMER_KEY = "0123456789abcdef0123456789abcdef"
SCHEMES = ("http", "https")
METHODS = {"sse-kms": "kms", "sse-obs": "AES256"}


def every_client(demo):
    """Every SDK with every signature, over every transport."""
    for scheme in SCHEMES:
        for signature in Huawei.SIGNATURES:
            yield Huawei(demo, scheme, signature)
        for signature in Boto.SIGNATURES:
            yield Boto(demo, scheme, signature)


def sse_headers(dialect, encryption):
    """The headers, or a form's fields, that ask for an encryption."""
    prefix = f"x-{dialect}-server-side-encryption"
    if encryption == "sse-c":
        key = CUSTOMER_KEY.encode()
        return {
            f"{prefix}-customer-algorithm": "AES256",
            f"{prefix}-customer-key": base64.b64encode(key).decode(),
            f"{prefix}-customer-key-MD5": base64.b64encode(hashlib.md5(key).digest()).decode(),
        }
    if encryption == "none":
        return {}
    plain = dialect == "obs" or encryption == "sse-obs"
    return {prefix: METHODS[encryption] if plain else f"aws:{METHODS[encryption]}"}


class Client:
    """One SDK, one signature, one transport. `version` is the signature's, as the documents count."""

    def __init__(self, demo, scheme, signature, dialect, version):
        self.scheme, self.signature, self.dialect, self.version = scheme, signature, dialect, version
        self.port = demo.facts[scheme].rpartition(":")[2]
        self.domain = demo.facts["domain"]
        self.ca = demo.facts["ca"]
        # botocore's version 2 leaves `?encryption` out of what it signs.
        self.signs_encryption = signature != "s3"
        self.id = f"{type(self).__name__.lower()}-{signature}-{scheme}"

    def url(self, bucket):
        """The address of a bucket."""
        return f"{self.scheme}://{bucket}.{self.domain}:{self.port}/"


class Nobody(Client):
    """Requests without a signature, in one dialect's names."""

    def __init__(self, demo, scheme, dialect):
        super().__init__(demo, scheme, dialect, dialect, "none")

    def put(self, bucket, key, content, encryption="none"):
        return self.send("PUT", bucket, key, encryption, content)

    def get(self, bucket, key, encryption):
        return self.send("GET", bucket, key, encryption if encryption == "sse-c" else "none")

    def send(self, method, bucket, key, encryption, body=None):
        headers = sse_headers(self.dialect, encryption)
        return send(self.url(bucket) + key, self.ca, method, headers, body)

    def form(self, bucket, key, encryption):
        """The fields of a form."""
        return {"key": key, **sse_headers(self.dialect, encryption)}


class Huawei(Client):
    """`esdk-obs-python`."""

    SIGNATURES = ("obs", "v2", "v4")

    def __init__(self, demo, scheme, signature, secret=None):
        dialect = "obs" if signature == "obs" else "amz"
        super().__init__(demo, scheme, signature, dialect, "v4" if signature == "v4" else "v2")
        self.sdk = ObsClient(
            access_key_id=demo.facts["access-key"],
            secret_access_key=secret or demo.facts["secret-key"],
            server=f"{scheme}://{self.domain}:{self.port}",
            signature=signature,
            is_signature_negotiation=False,
            ssl_verify=self.ca,
            max_retry_count=0,
            timeout=TIMEOUT,
        )

    def close(self):
        self.sdk.close()

    @staticmethod
    def sse(encryption):
        if encryption == "sse-c":
            return SseCHeader(encryption="AES256", key=CUSTOMER_KEY)
        return None if encryption == "none" else SseKmsHeader(encryption=METHODS[encryption])

    def key(self, encryption):
        return self.sse(encryption) if encryption == "sse-c" else None

    @staticmethod
    def answer(result):
        headers = plain_names(result.header)
        answer = Answer(
            result.status,
            code=result.errorCode or headers.get("error-code", ""),
            message=result.errorMessage or headers.get("error-message", ""),
            headers=headers,
        )
        if result.status < 300 and result.body is not None:
            answer.etag = getattr(result.body, "etag", None) or ""
            answer.upload_id = getattr(result.body, "uploadId", None) or ""
        return answer

    def put(self, bucket, key, content, encryption="none"):
        headers = PutObjectHeader(sseHeader=self.sse(encryption))
        return self.answer(self.sdk.putContent(bucket, key, content, headers=headers))

    def get(self, bucket, key, encryption):
        headers = GetObjectHeader(sseHeader=self.key(encryption))
        result = self.sdk.getObject(bucket, key, loadStreamInMemory=True, headers=headers)
        answer = self.answer(result)
        if result.status < 300:
            answer.body = result.body.buffer
        return answer

    def head(self, bucket, key, encryption="none"):
        return self.answer(self.sdk.getObjectMetadata(bucket, key, sseHeader=self.key(encryption)))

    def copy(self, bucket, source_key, source, key, target):
        headers = CopyObjectHeader(destSseHeader=self.sse(target), sourceSseHeader=self.key(source))
        return self.answer(self.sdk.copyObject(bucket, source_key, bucket, key, headers=headers))

    def append(self, bucket, key, position, content, encryption):
        """Of an object that is there, only the customer key is said again."""
        stated = self.key(encryption) if position else self.sse(encryption)
        content = AppendObjectContent(content=content, position=position)
        headers = AppendObjectHeader(sseHeader=stated)
        return self.answer(self.sdk.appendObject(bucket, key, content, headers=headers))

    def initiate(self, bucket, key, encryption="none"):
        return self.answer(self.sdk.initiateMultipartUpload(bucket, key, sseHeader=self.sse(encryption)))

    def part(self, bucket, key, upload_id, number, content, encryption):
        result = self.sdk.uploadPart(
            bucket, key, number, upload_id, content=content, sseHeader=self.key(encryption)
        )
        return self.answer(result)

    def part_copy(self, bucket, key, upload_id, number, source_key, source, target):
        result = self.sdk.copyPart(
            bucket,
            key,
            number,
            upload_id,
            f"{bucket}/{source_key}",
            destSseHeader=self.key(target),
            sourceSseHeader=self.key(source),
        )
        return self.answer(result)

    def parts(self, bucket, key, upload_id):
        return [part.partNumber for part in self.sdk.listParts(bucket, key, upload_id).body.parts]

    def complete(self, bucket, key, upload_id, etags):
        parts = [CompletePart(partNum=number, etag=etag) for number, etag in etags.items()]
        request = CompleteMultipartUploadRequest(parts)
        return self.answer(self.sdk.completeMultipartUpload(bucket, key, upload_id, request))

    def abort(self, bucket, key, upload_id):
        return self.answer(self.sdk.abortMultipartUpload(bucket, key, upload_id))

    def create_bucket(self, bucket):
        return self.answer(self.sdk.createBucket(bucket))

    def set_default(self, bucket, encryption):
        return self.answer(self.sdk.setBucketEncryption(bucket, METHODS[encryption]))

    def delete_default(self, bucket):
        return self.answer(self.sdk.deleteBucketEncryption(bucket))

    def presign(self, method, bucket, key, encryption):
        """A URL, and the headers that have to be sent with it."""
        headers = sse_headers(self.dialect, encryption)
        signed = self.sdk.createSignedUrl(method, bucket, key, headers=headers)
        return signed.signedUrl, signed.actualSignedRequestHeaders

    def form(self, bucket, key, encryption):
        """The fields of a form, signed."""
        fields = {"key": key, **sse_headers(self.dialect, encryption)}
        signed = self.sdk.createPostSignature(bucket, key, formParams=fields)
        fields["policy"] = signed.policy
        if self.version == "v4":
            # The SDK signs it, but does not give it back.
            fields["X-Amz-Algorithm"] = "AWS4-HMAC-SHA256"
            fields["X-Amz-Credential"] = signed.credential
            fields["X-Amz-Date"] = signed.date
            fields["X-Amz-Signature"] = signed.signature
        else:
            fields["AccessKeyId" if self.signature == "obs" else "AWSAccessKeyId"] = signed.accessKeyId
            fields["signature"] = signed.signature
        return fields


class Boto(Client):
    """`boto3`."""

    SIGNATURES = ("s3", "s3v4")
    SESSION = boto3.session.Session()

    def __init__(self, demo, scheme, signature):
        super().__init__(demo, scheme, signature, "amz", "v4" if signature == "s3v4" else "v2")
        self.sdk = self.SESSION.client(
            "s3",
            region_name="region",
            endpoint_url=f"{scheme}://{self.domain}:{self.port}",
            aws_access_key_id=demo.facts["access-key"],
            aws_secret_access_key=demo.facts["secret-key"],
            verify=self.ca,
            config=botocore.config.Config(
                signature_version=signature,
                s3={"addressing_style": "virtual"},
                retries={"total_max_attempts": 1},
                connect_timeout=TIMEOUT,
                read_timeout=TIMEOUT,
                proxies={},
            ),
        )

    def close(self):
        self.sdk.close()

    @staticmethod
    def sse(encryption):
        if encryption == "sse-c":
            return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": CUSTOMER_KEY}
        return {"none": {}, "sse-kms": {"ServerSideEncryption": "aws:kms"}}.get(
            encryption, {"ServerSideEncryption": "AES256"}
        )

    def key(self, encryption):
        return self.sse(encryption) if encryption == "sse-c" else {}

    def source_key(self, encryption):
        return {f"CopySource{name}": value for name, value in self.key(encryption).items()}

    @staticmethod
    def call(operation, **arguments):
        try:
            result = operation(**arguments)
        except ClientError as error:
            result = error.response
        metadata = result["ResponseMetadata"]
        headers = plain_names(metadata["HTTPHeaders"].items())
        answer = Answer(metadata["HTTPStatusCode"], headers=headers)
        if answer.status >= 300:
            error = result["Error"]
            answer.code = headers.get("error-code") or error["Code"]
            answer.message = headers.get("error-message") or error["Message"]
            return answer
        if "Body" in result:
            answer.body = result["Body"].read()
        part = result.get("CopyPartResult", result.get("CopyObjectResult", result))
        answer.etag = part.get("ETag", "")
        answer.upload_id = result.get("UploadId", "")
        return answer

    def put(self, bucket, key, content, encryption="none"):
        return self.call(
            self.sdk.put_object, Bucket=bucket, Key=key, Body=content.encode(), **self.sse(encryption)
        )

    def get(self, bucket, key, encryption):
        return self.call(self.sdk.get_object, Bucket=bucket, Key=key, **self.key(encryption))

    def head(self, bucket, key, encryption="none"):
        return self.call(self.sdk.head_object, Bucket=bucket, Key=key, **self.key(encryption))

    def copy(self, bucket, source_key, source, key, target):
        return self.call(
            self.sdk.copy_object,
            Bucket=bucket,
            Key=key,
            CopySource={"Bucket": bucket, "Key": source_key},
            **self.sse(target),
            **self.source_key(source),
        )

    def initiate(self, bucket, key, encryption="none"):
        return self.call(self.sdk.create_multipart_upload, Bucket=bucket, Key=key, **self.sse(encryption))

    def part(self, bucket, key, upload_id, number, content, encryption):
        return self.call(
            self.sdk.upload_part,
            Bucket=bucket,
            Key=key,
            UploadId=upload_id,
            PartNumber=number,
            Body=content.encode(),
            **self.key(encryption),
        )

    def part_copy(self, bucket, key, upload_id, number, source_key, source, target):
        return self.call(
            self.sdk.upload_part_copy,
            Bucket=bucket,
            Key=key,
            UploadId=upload_id,
            PartNumber=number,
            CopySource={"Bucket": bucket, "Key": source_key},
            **self.key(target),
            **self.source_key(source),
        )

    def complete(self, bucket, key, upload_id, etags):
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in etags.items()]
        return self.call(
            self.sdk.complete_multipart_upload,
            Bucket=bucket,
            Key=key,
            UploadId=upload_id,
            MultipartUpload={"Parts": parts},
        )

    def abort(self, bucket, key, upload_id):
        return self.call(self.sdk.abort_multipart_upload, Bucket=bucket, Key=key, UploadId=upload_id)

    def create_bucket(self, bucket):
        return self.call(self.sdk.create_bucket, Bucket=bucket)

    def set_default(self, bucket, encryption):
        default = {"SSEAlgorithm": self.sse(encryption)["ServerSideEncryption"]}
        rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
        return self.call(
            self.sdk.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration=rules
        )

    def delete_default(self, bucket):
        return self.call(self.sdk.delete_bucket_encryption, Bucket=bucket)

    def presign(self, method, bucket, key, encryption):
        """A URL, and the headers that have to be sent with it."""
        operation = {"PUT": "put_object", "GET": "get_object", "HEAD": "head_object"}[method]
        stated = self.sse(encryption) if method == "PUT" else self.key(encryption)
        url = self.sdk.generate_presigned_url(operation, {"Bucket": bucket, "Key": key, **stated})
        # Version 2 has moved them into the query.
        return url, sse_headers("amz", encryption) if self.version == "v4" else {}

    def form(self, bucket, key, encryption):
        """The fields of a form, signed."""
        fields = sse_headers("amz", encryption)
        conditions = [{name: value} for name, value in fields.items()]
        return self.sdk.generate_presigned_post(bucket, key, fields, conditions)["fields"]
