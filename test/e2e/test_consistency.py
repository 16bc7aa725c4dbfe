"""While clients write, flushes and merges go on: what a reader sees is always of one instant."""
import json
import threading

import pytest
import requests

WRITERS = 4
BATCHES = 150
ROWS = 50
HOUR_NS = 3_600_000_000_000


class Progress:
    """How many rows were sent and how many acknowledged, so far."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sent = 0
        self.acknowledged = 0


def write(server, k, progress, failures):
    session = requests.Session()
    for n in range(BATCHES):
        lines = "\n".join(f"m,k=k{k} id={(k * BATCHES + n) * ROWS + i}i,one=1i {(n * ROWS + i) * HOUR_NS // 2000}" for i in range(ROWS))
        with progress.lock:
            progress.sent += ROWS
        answer = session.post(server.url + "/write", lines)
        if answer.status_code != 204:
            failures.append(answer.text)
            return
        with progress.lock:
            progress.acknowledged += ROWS


QUESTIONS = {
    "count(*)": "SELECT count(*) AS n FROM m",
    "count of a column": "SELECT count(id) AS n FROM m",
    "sum": "SELECT sum(one)::BIGINT AS n FROM m",
    "distinct": "SELECT count(DISTINCT id) AS n FROM m",
    "by key": "SELECT sum(c)::BIGINT AS n FROM (SELECT k, count(*) AS c FROM m GROUP BY k)",
    "self-join": "SELECT count(*) AS n FROM m a JOIN m b ON a.id = b.id",
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_count_never_goes_down_and_never_exceeds_what_was_sent(make_server, question):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="0.02", GIGAPI_MERGE_TIMEOUT_S="0.03", GIGAPI_DROP_DELAY_MS="50")
    server.write("m,k=k id=-1i,one=1i 0")
    progress, failures = Progress(), []
    progress.sent = progress.acknowledged = 1
    writers = [threading.Thread(target=write, args=(server, k, progress, failures)) for k in range(WRITERS)]
    for writer in writers:
        writer.start()
    body = json.dumps({"query": QUESTIONS[question]})
    last, looks = 0, 0
    while any(w.is_alive() for w in writers):
        with progress.lock:
            acknowledged = progress.acknowledged
        answer = server.post("/query", body)
        assert answer.status_code == 200, answer.text
        count = int(answer.json()["results"][0]["n"])
        with progress.lock:
            sent = progress.sent
        assert max(last, acknowledged) <= count <= sent, f"look {looks}: last {last}, acknowledged {acknowledged}, counted {count}, sent {sent}"
        last = count
        looks += 1
    for writer in writers:
        writer.join()
    assert failures == []
    assert server.value(QUESTIONS[question]) == str(WRITERS * BATCHES * ROWS + 1)
    assert looks >= 5
    assert list(server.root.glob("**/*.[234].parquet")), "there was a merge"


def test_a_long_answer_is_of_one_instant(make_server):
    """The rows of a stream are those of its beginning, though files are merged away while it is read."""
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="0.05", GIGAPI_MERGE_TIMEOUT_S="0.05", GIGAPI_DROP_DELAY_MS="50")
    for part in range(20):
        server.write("\n".join(f"m id={part * 10000 + i}i {i * 1000}" for i in range(10000)))
    answer = server.request("POST", "/query?format=csv", data=json.dumps({"query": "SELECT id FROM m"}), stream=True)
    pieces = answer.iter_content(1 << 12)
    text = next(pieces)
    server.wait_flushed(200_000)
    server.write("\n".join(f"m id={-i - 1}i {i}" for i in range(1000)))
    server.wait_flushed(201_000)
    server.wait_merged()
    ids = [int(x) for x in (text + b"".join(pieces)).split()[1:]]
    assert sorted(ids) == list(range(200_000))
