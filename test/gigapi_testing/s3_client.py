"""The few requests that tests make to S3 themselves, signed with AWS Signature Version 4: a second reader of the store,
that shares no code with the one under test."""
import datetime
import hashlib
import hmac
import re
import xml.etree.ElementTree as xml
from urllib.parse import quote, unquote_plus, urlsplit

import requests


class S3Client:
    def __init__(self, endpoint, access_key, secret_key, region="us-east-1"):
        self.endpoint = endpoint
        self.access_key = access_key
        self.secret_key = secret_key
        self.region = region
        self.http = requests.Session()
        self.http.trust_env = False

    def is_there(self):
        try:
            return self.request("GET", "/").status_code == 200
        except requests.RequestException:
            return False

    def make_bucket(self, bucket):
        answer = self.request("PUT", f"/{bucket}")
        assert answer.status_code == 200 or "BucketAlreadyOwnedByYou" in answer.text, answer.text

    def put(self, bucket, key, data):
        return _checked(self.request("PUT", f"/{bucket}/{key}", body=data))

    def get(self, bucket, key, **headers):
        return _checked(self.request("GET", f"/{bucket}/{key}", headers=headers)).content

    def delete(self, bucket, key):
        return _checked(self.request("DELETE", f"/{bucket}/{key}"))

    def sizes(self, bucket, prefix=""):
        """key -> bytes, of all below `prefix`."""
        found, query = {}, {"list-type": "2", "prefix": prefix, "encoding-type": "url"}
        while True:
            page = xml.fromstring(re.sub(rb' xmlns="[^"]*"', b"", _checked(self.request("GET", f"/{bucket}", query)).content))
            found.update({unquote_plus(item.findtext("Key")): int(item.findtext("Size")) for item in page.findall("Contents")})
            if page.findtext("IsTruncated") != "true":
                return found
            query["continuation-token"] = page.findtext("NextContinuationToken")

    def request(self, method, path, query=None, body=b"", headers=None):
        path = quote(path)
        pairs = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in (query or {}).items())
        query_text = "&".join(f"{name}={value}" for name, value in pairs)
        signed = self._sign(method, path, query_text, hashlib.sha256(body).hexdigest())
        url = f"{self.endpoint}{path}" + (f"?{query_text}" if query_text else "")
        return self.http.request(method, url, data=body, headers={**(headers or {}), **signed}, timeout=30)

    def _sign(self, method, path, query, body_hash):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{now[:8]}/{self.region}/s3/aws4_request"
        headers = {"host": urlsplit(self.endpoint).netloc, "x-amz-content-sha256": body_hash, "x-amz-date": now}
        names = ";".join(headers)
        canonical = "\n".join([method, path, query, *(f"{name}:{value}" for name, value in headers.items()), "", names, body_hash])
        text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"AWS4{self.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.new(key, text.encode(), "sha256").hexdigest()
        credential = f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        return {**headers, "Authorization": credential}


def _checked(answer):
    assert answer.ok, f"{answer.status_code}: {answer.text}"
    return answer
