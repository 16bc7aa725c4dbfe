"""Servers that speak the protocols of GCS and of Azure's blobs, with a bucket `lake`; scripts/bootstrap-emulators makes them."""
import os
from datetime import timedelta
from pathlib import Path

import pyarrow.fs
import requests

from gigapi_testing.server import REPOSITORY
from gigapi_testing.service import Service

BUCKET = "lake"


class Emulator(Service):
    """A subclass says which program it is, what a layer's settings are, and how to look into its buckets."""
    variable = program = None

    @classmethod
    def find(cls):
        program = Path(os.environ.get(cls.variable, REPOSITORY / "build/deps" / cls.program / cls.program))
        return program if os.access(program, os.X_OK) else None

    def answers(self):
        try:
            requests.get(f"http://127.0.0.1:{self.port}/", timeout=5)
            return True
        except requests.ConnectionError:
            return False

    def url(self, bucket):
        raise NotImplementedError

    def file_system(self):
        raise NotImplementedError

    def layer(self, number, name, bucket=BUCKET, **more):
        """The environment of a node that makes `bucket` its layer of that number."""
        values = {"NAME": name, "TYPE": self.layer_type, "URL": self.url(bucket), "GLOBAL": "false",
                  "AUTH_SECRET": self.secret, **more}
        return {f"GIGAPI_LAYERS_{number}_{key}": value for key, value in values.items()}

    def keys(self):
        infos = self.file_system().get_file_info(pyarrow.fs.FileSelector(BUCKET, recursive=True))
        return [info.path for info in infos if info.is_file]


class FakeGcs(Emulator):
    variable, program = "GIGAPI_FAKE_GCS", "fake-gcs-server"
    layer_type, secret = "gcs", ""

    def command_line(self):
        (self.directory / "data" / BUCKET).mkdir(parents=True, exist_ok=True)  # each folder is a bucket
        address = f"127.0.0.1:{self.port}"
        return [self.find(), "-scheme", "http", "-host", "127.0.0.1", "-port", str(self.port), "-public-host", address,
                "-external-url", f"http://{address}", "-backend", "memory", "-data", self.directory / "data",
                "-log-level", "error"]

    def url(self, bucket):
        return f"gs://{bucket}/pre?endpoint=127.0.0.1:{self.port}&secure=false"

    def file_system(self):
        return pyarrow.fs.GcsFileSystem(anonymous=True, scheme="http", endpoint_override=f"127.0.0.1:{self.port}",
                                        retry_time_limit=timedelta(seconds=10))


class Azurite(Emulator):
    variable, program = "GIGAPI_AZURITE", "azurite"
    layer_type, account, secret = "azure", "testaccount", "dGhlLWtleS1vZi10aGUtdGVzdC1hY2NvdW50"

    def command_line(self):
        return [self.find(), "--blobPort", str(self.port), "--inMemoryPersistence", "--disableTelemetry",
                "--skipApiVersionCheck", "--silent"]

    def environment(self):
        return {**super().environment(), "AZURITE_ACCOUNTS": f"{self.account}:{self.secret}"}

    def start(self):
        super().start()
        self.file_system().create_dir(BUCKET)
        return self

    def url(self, bucket):
        return f"abfs://{bucket}@{self.account}/pre?endpoint=127.0.0.1:{self.port}&secure=false"

    def file_system(self):
        address = f"127.0.0.1:{self.port}"
        return pyarrow.fs.AzureFileSystem(self.account, account_key=self.secret, blob_storage_authority=address,
                                          dfs_storage_authority=address, blob_storage_scheme="http", dfs_storage_scheme="http")
