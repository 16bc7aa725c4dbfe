"""Whether a credential stands where somebody may read it: logs, errors, /metrics, metadata."""
import base64
from urllib.parse import quote


def spellings(secret):
    data = secret.encode()
    # In the middle of what base64 has packed: each of the three ways in which it may be shifted, without its ends.
    shifted = [base64.b64encode(b"x" * shift + data)[4 if shift else 0:len(data) // 3 * 4] for shift in range(3)]
    return {data, quote(secret, safe="").encode(), data.hex().encode(), *shifted}


def find_leaks(texts, secrets):
    """`texts`: where -> str or bytes; `secrets`: what -> text. Sentences without the secrets themselves."""
    wanted = {what: spellings(secret) for what, secret in secrets.items()}
    leaks = []
    for where, text in texts.items():
        data = text.encode(errors="replace") if isinstance(text, str) else text
        leaks += [f"{what} stands in {where}" for what, forms in wanted.items() if any(form in data for form in forms)]
    return leaks


def readable_texts(cluster):
    """All that a user or a neighbour could read of a cluster that runs."""
    texts = {}
    for name, node in cluster.nodes.items():
        texts[f"the log of {name}"] = node.log()
        texts[f"/metrics of {name}"] = node.get("/metrics").text
        texts[f"errors of {name}"] = "\n".join(node.error_texts)
    client = cluster.minio.client()
    for bucket in ("hot", "cold"):
        for key in client.sizes(bucket):
            if not key.endswith(".parquet"):
                texts[f"{bucket}/{key}"] = key.encode() + b"\n" + client.get(bucket, key)
    if cluster.redis:
        texts.update(_redis_texts(cluster.redis))
    return texts


def _redis_texts(redis):
    reads = {"string": lambda key: ("GET", key), "zset": lambda key: ("ZRANGE", key, 0, -1),
             "hash": lambda key: ("HGETALL", key), "stream": lambda key: ("XRANGE", key, "-", "+")}
    texts = {}
    for key in redis.command("KEYS", "*"):
        value = redis.command(*reads[redis.command("TYPE", key)](key))
        texts[f"Redis {key}"] = (key + "\n" + (value if isinstance(value, str) else repr(value))).encode(errors="surrogateescape")
    return texts
