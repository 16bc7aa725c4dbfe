"""Which faults a round has, when, and for how long: a value that the seed of the round decides. No I/O, no clock."""
import random
from dataclasses import dataclass

ROUND_S = 6.0
FAULTS_MIN, FAULTS_MAX = 3, 6
# The nodes' lease; a node that wakes up after it must not commit on what it knew.
LEASE_S = 1.5
LONG_PAUSE_S = (2 * LEASE_S, 3 * LEASE_S)
LONG_PAUSE_RATE = 0.4
HTTP_KINDS = ("reset", "reset_in_request", "error", "lose_answer", "reset_in_answer", "truncate")
RESP_KINDS = tuple(kind for kind in HTTP_KINDS if kind != "error")
# How often each kind comes up, by weight. "fall back" is planned by hand: writers that are all killed within a second of
# what Redis forgets cannot tell that it did.
WEIGHTS = {"kill": 5, "pause": 4, "stop": 1, "network": 4, "slow": 2, "partition": 3}


@dataclass(frozen=True)
class Fault:
    start_s: float
    duration_s: float
    kind: str           # of WEIGHTS, or "fall back": Redis forgets at the end what it was told since the start
    targets: tuple      # nodes or services; of "network", "slow" and "partition": the nodes that are cut off
    service: str = ""   # of those three: from which service
    detail: str = ""    # of "network" one of the kinds of faults, of "partition" how
    rate: float = 0.0   # of "network": the share of requests that fail

    def __str__(self):
        what = " ".join(part for part in (self.kind, self.detail, f"{self.rate:.0%}" if self.rate else "") if part)
        place = ",".join(self.targets) + (f" -> {self.service}" if self.service else "")
        return f"{self.start_s:.1f}s {what} {place} for {self.duration_s:.1f}s"

    @property
    def end_s(self):
        return self.start_s + self.duration_s


def plan_faults(seed, nodes, services):
    """In the order of their starts."""
    rng = random.Random(seed)
    faults = [_draw(rng, list(nodes), list(services)) for _ in range(rng.randint(FAULTS_MIN, FAULTS_MAX))]
    return sorted(faults, key=lambda fault: fault.start_s)


def _draw(rng, nodes, services):
    kind = rng.choices(list(WEIGHTS), WEIGHTS.values())[0]
    start_s = round(rng.uniform(0.3, ROUND_S - 1.5), 2)
    if kind in ("kill", "pause", "stop"):
        # The services are few and concern all, so each comes up more often than each node.
        target = rng.choice(nodes if kind == "stop" else nodes + services + services)
        is_long = kind == "pause" and rng.random() < LONG_PAUSE_RATE
        return Fault(start_s, _duration(rng, 0.2, 2.5, LONG_PAUSE_S if is_long else None), kind, (target,))
    service = rng.choice(services)
    cut_off = tuple(sorted(rng.sample(nodes, rng.randint(1, len(nodes)))))
    if kind == "partition":
        return Fault(start_s, _duration(rng, 0.5, 3.0), kind, cut_off, service, rng.choice(("black_hole", "refuse")))
    if kind == "slow":
        return Fault(start_s, _duration(rng, 1.0, 4.0), kind, cut_off, service)
    detail = rng.choice(HTTP_KINDS if service == "minio" else RESP_KINDS)
    return Fault(start_s, _duration(rng, 0.5, 3.0), kind, cut_off, service, detail, rng.choice((0.1, 0.3, 0.6)))


def _duration(rng, least, most, instead=None):
    return round(rng.uniform(*(instead or (least, most))), 2)
