"""Other people's servers that tests start themselves: MinIO and Redis, each on a free port of 127.0.0.1.

Each can be killed, paused and started again on what it kept. `find` is None where the program is not installed.
"""
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from gigapi_testing.s3_client import S3Client
from gigapi_testing.server import REPOSITORY, free_port, wait_until

START_TIMEOUT_S = 60


class Service:
    """One process. A subclass says its command line and when it is there."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.process = None
        self.log_path = self.directory / "service.log"

    def command_line(self):
        raise NotImplementedError

    def answers(self):
        raise NotImplementedError

    def start(self):
        assert self.process is None
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command_line(), cwd=self.directory, env={**os.environ, **self.environment()},
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        wait_until(self._is_there, f"{type(self).__name__} answers", START_TIMEOUT_S, self.log)
        return self

    def environment(self):
        return {"HOME": str(self.directory)}

    def _is_there(self):
        assert self.process.poll() is None, f"{type(self).__name__} ended with {self.process.returncode}\n{self.log()}"
        return self.answers()

    def log(self):
        return self.log_path.read_text(errors="replace")[-4000:]

    def stop(self):
        self._end(signal.SIGTERM)

    def kill(self):
        self._end(signal.SIGKILL)

    def _end(self, how):
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def pause(self):
        """Holds its connections and says nothing, until resume()."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)


class Minio(Service):
    access_key = "minio-user"
    secret_key = "minio-password"

    @staticmethod
    def find():
        """The program that scripts/bootstrap-minio makes, or the one that $GIGAPI_MINIO names."""
        program = Path(os.environ.get("GIGAPI_MINIO", REPOSITORY / "build/deps/minio/minio"))
        return program if os.access(program, os.X_OK) else None

    def command_line(self):
        return [self.find(), "server", "--quiet", "--address", f"127.0.0.1:{self.port}", self.directory / "data"]

    def environment(self):
        return {**super().environment(), "MINIO_ROOT_USER": self.access_key, "MINIO_ROOT_PASSWORD": self.secret_key,
                "MINIO_BROWSER": "off", "MINIO_UPDATE": "off"}

    def client(self, port=None):
        """Of this MinIO, or by way of a proxy on `port`."""
        return S3Client(f"http://127.0.0.1:{port or self.port}", self.access_key, self.secret_key)

    def answers(self):
        return self.client().is_there()

    def layer(self, number, name, bucket, prefix="lake", port=None, **more):
        """The environment of a node that makes `bucket`/`prefix` its layer of that number; `more` as in TTL="10s"."""
        values = {"NAME": name, "TYPE": "s3", "GLOBAL": "true", "AUTH_KEY": self.access_key, "AUTH_SECRET": self.secret_key,
                  "URL": f"s3://127.0.0.1:{port or self.port}/{bucket}/{prefix}?secure=false&url-style=path", **more}
        return {f"GIGAPI_LAYERS_{number}_{key}": value for key, value in values.items()}


class Redis(Service):
    """Keeps what it was told through a kill, by an append-only file; wipe() before start() makes it forget."""

    def __init__(self, directory, password=""):
        super().__init__(directory)
        self.password = password

    @staticmethod
    def find():
        return shutil.which("redis-server")

    def command_line(self):
        options = {"port": self.port, "bind": "127.0.0.1", "dir": self.directory, "appendonly": "yes", "appendfsync": "always",
                   "save": "", "requirepass": self.password}
        return [self.find(), *(str(part) for name, value in options.items() for part in (f"--{name}", value))]

    def url(self, port=None, db=0):
        user = f":{self.password}@" if self.password else ""
        return f"redis://{user}127.0.0.1:{port or self.port}/{db}"

    def answers(self):
        try:
            return self.command("PING") == "PONG"
        except (OSError, RuntimeError):  # not there, or still loading
            return False

    def command(self, *parts, port=None):
        """One command on a connection of its own. Strings, numbers, lists; an error of Redis is a RuntimeError."""
        with socket.create_connection(("127.0.0.1", port or self.port), timeout=10) as sock, sock.makefile("rb") as answers:
            if self.password:
                sock.sendall(_resp("AUTH", self.password))
                _read_resp(answers)
            sock.sendall(_resp(*parts))
            return _read_resp(answers)

    def wipe(self):
        assert self.process is None
        shutil.rmtree(self.directory / "appendonlydir", ignore_errors=True)

    def save_state(self):
        """For fall_back_to."""
        state = self.directory / "state"
        shutil.copytree(self.directory / "appendonlydir", state)
        return state

    def fall_back_to(self, state):
        """Forgets all since, as a replica does that was behind when it took over."""
        self.kill()
        self.wipe()
        state.rename(self.directory / "appendonlydir")
        self.start()


def _resp(*parts):
    encoded = [str(part).encode() for part in parts]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in encoded)


def _read_resp(answers):
    line = answers.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("Redis closed the connection")
    kind, rest = line[:1], line[1:-2].decode()
    if kind == b"-":
        raise RuntimeError(rest)
    if kind == b":":
        return int(rest)
    if kind == b"$":
        return None if rest == "-1" else answers.read(int(rest) + 2)[:-2].decode(errors="surrogateescape")
    if kind == b"*":
        return [_read_resp(answers) for _ in range(int(rest))]
    return rest
