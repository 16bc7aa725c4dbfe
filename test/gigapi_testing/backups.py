"""What tests of backups and restores have in common."""
import json
import subprocess

import requests

from gigapi_testing.server import clean_environment, wait_until

START_NS = 1_700_000_000_000_000_000
HOUR_NS = 3_600_000_000_000
FAST = {"GIGAPI_SAVE_TIMEOUT_S": "0.2", "GIGAPI_NO_MERGES": "true"}


def lines(first, count):
    return "\n".join(f"cpu,host=h{i % 3} id={i}i {START_NS + i * HOUR_NS // 10}" for i in range(first, first + count))


def ids(server):
    return [int(row["id"]) for row in server.query("SELECT id FROM cpu ORDER BY id")]


def run(binary, *arguments, **env):
    return subprocess.run([str(binary), *map(str, arguments)], env=clean_environment(env), text=True, capture_output=True,
                          timeout=120, check=False)


def succeed(*arguments, **env):
    done = run(*arguments, **env)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def files_of(place):
    return {path.relative_to(place) for path in place.rglob("*.parquet")}


def last_backup(server):
    """The state of the backup that was begun, once it has ended."""
    def ended():
        state = server.get("/api/v1/backup").json()
        return state if state["state"] != "running" else None

    return wait_until(ended, "the backup has ended", 60)


def back_up(server, place):
    assert server.post("/api/v1/backup", json.dumps({"url": f"file://{place}"})).status_code == 202
    return last_backup(server)


def last_restore(server):
    """The state of the restore that was begun, once it has ended and the server has its lake again."""
    def ended():
        try:
            answer = server.get("/api/v1/restore", timeout=5)
        except requests.RequestException:
            return None
        return answer.json() if answer.ok and answer.json()["state"] != "running" else None

    return wait_until(ended, "the restore has ended", 60)


def begin_restore(server, place, **more):
    return server.post("/api/v1/restore", json.dumps({"url": f"file://{place}", **more}))
