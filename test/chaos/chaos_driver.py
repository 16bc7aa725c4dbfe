#!/usr/bin/env python3
"""Breaks a cluster at random while clients write and read, heals it, and counts every row: round after round.

A round: clients write line protocol and msgpack to every writer and ask every node, while the faults of the round's seed
happen (fault_plan.py): kill -9 and SIGSTOP of writers, readers, compaction nodes, MinIO and Redis; resets, errors, lost and
cut answers, slow bytes and partitions between any nodes and a service. Then all is healed, and within SETTLE_S every node
must have exactly what the ledger says: each acknowledged row once, each request in doubt whole or not at all, nothing else.
One round in three begins with a DROP TABLE, whose rows must not come back.

    chaos_driver.py [--topology bucket|redis|local] [--seed 1] [--rounds 20]

Without --rounds it goes on until it is stopped, with a new cluster every 20 rounds, of each topology in turn. Round n of a
run has the seed of the run plus n - 1: `--seed` of a round and `--rounds 1` repeat its faults. The seed fixes the choices
of the driver, not the timing of the machine.
"""
import argparse
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]
from cluster import NODES, TABLES, TOPOLOGIES, Cluster, backtrace_of  # noqa: E402
from fault_plan import ROUND_S, plan_faults  # noqa: E402
from gigapi_testing.server import find_binary  # noqa: E402
from leaks import find_leaks, readable_texts  # noqa: E402
from ledger import Ledger  # noqa: E402
from load import WAYS, ProbeClient, WriteClient  # noqa: E402

SETTLE_S = 180
ROUNDS_OF_A_CLUSTER = 20
DROP_EVERY = 3  # of seeds
DROP_S = 60


class ChaosFailure(AssertionError):
    pass


class ChaosDriver:
    def __init__(self, binary, work, topology, seed, settings=None, settle_s=SETTLE_S, out=sys.stderr):
        """`settings` of every node besides those of a cluster."""
        self.cluster = Cluster(binary, Path(work), topology, settings)
        self.settle_s = settle_s
        self.ledger = Ledger()
        self.seed = seed
        self.round = 0
        self.faults = Counter()
        self.probe_answers = 0
        self.out = out

    def run(self, rounds):
        self.run_plans([plan_faults(self.seed + i, list(NODES), list(self.cluster.services)) for i in range(rounds)])

    def run_plans(self, plans):
        """One round for each list of faults."""
        try:
            self.cluster.start()
            for faults in plans:
                self.one_round(faults)
            self.check_witness()
            self.check_leaks()
        finally:
            self.cluster.stop()

    def say(self, text):
        print(f"chaos: {text}", file=self.out, flush=True)

    # ---- one round -------------------------------------------------------------------------------------------------------
    def one_round(self, faults):
        self.round += 1
        seed = self.seed + self.round - 1
        self.say(f"round {self.round} of {self.cluster.topology}, seed {seed}: " + "; ".join(map(str, faults)))
        settled = self.ledger.settled_counts()
        if seed % DROP_EVERY == 0:
            settled |= self.drop_a_table(seed, settled)
        started = time.monotonic()
        stop = threading.Event()
        clients = [WriteClient(node, way, self.ledger, self.round, seed, stop) for node in self.cluster.writers() for way in WAYS]
        probe = ProbeClient(self.cluster.nodes.values(), settled, self.round, seed, stop)
        for thread in (*clients, probe):
            thread.start()
        try:
            self.play(faults, started)
        finally:
            stop.set()
        self.cluster.heal()
        for thread in (*clients, probe):
            thread.join(60)
        healed = time.monotonic()
        rows = self.settle()
        self.faults.update(fault.kind for fault in faults)
        self.probe_answers += probe.answers
        problems = self.cluster.problems() + probe.problems + [problem for client in clients for problem in client.problems]
        self.demand(not problems, "\n".join(problems[:10]))
        counts = self.ledger.counts
        self.say(f"round {self.round}: {rows} rows on {len(NODES)} nodes; requests: {counts['acknowledged']} acknowledged, "
                 f"{counts['refused']} refused, {counts['in doubt']} in doubt; {probe.answers} answers meanwhile; "
                 f"healed after {healed - started:.1f} s, agreed {time.monotonic() - healed:.1f} s later")

    def drop_a_table(self, seed, settled):
        """While all is well. What a node may still have of it at first: (0, as much as there was), by table."""
        rng = random.Random(f"{seed} drop")
        table, node = rng.choice(TABLES), rng.choice(self.cluster.writers())
        if table not in settled:
            return {}
        deadline = time.monotonic() + DROP_S
        while not node.drop(table):
            self.demand(time.monotonic() < deadline, f"{node.name} does not drop {table!r}: {node.error_texts[-1:]}")
            time.sleep(0.5)
        self.ledger.drop(table)
        self.say(f"round {self.round}: {node.name} has dropped {table!r}")
        return {table: (0, settled[table][1])}

    def play(self, faults, started):
        """Begins and ends each fault at its time."""
        events = sorted([(fault.start_s, 0, fault) for fault in faults] + [(fault.end_s, 1, fault) for fault in faults],
                        key=lambda event: event[:2])
        for at_s, is_end, fault in events:
            time.sleep(max(0, started + at_s - time.monotonic()))
            (self.cluster.end if is_end else self.cluster.begin)(fault)
        time.sleep(max(0, started + ROUND_S - time.monotonic()))

    def settle(self):
        """Waits until all nodes have what they must have; the number of rows."""
        deadline = time.monotonic() + self.settle_s
        while True:
            if self.nodes_agree_on_counts() or time.monotonic() > deadline:
                answers = {name: node.rows() for name, node in self.cluster.nodes.items()}
                verdict = self.ledger.check(answers)
                if verdict:
                    break
                self.demand(not verdict.wrong, verdict)
                self.demand(time.monotonic() < deadline, f"{self.settle_s} s after all was healed:\n{verdict}")
            time.sleep(0.3)
        some = next(iter(answers.values()))
        self.ledger.settle(some)
        return len(some)

    def nodes_agree_on_counts(self):
        """Whether it is worth while to read all rows of all nodes."""
        counts = set()
        for node in self.cluster.nodes.values():
            counts.add(node.count_rows())
            if len(counts) > 1 or None in counts:
                return False
        return counts.pop() >= len(self.ledger.acknowledged)

    def demand(self, holds, text):
        if holds:
            return
        for name, node in self.cluster.nodes.items():
            if not node.answers():
                (self.cluster.work / f"{name}.threads").write_text(backtrace_of(node))
        raise ChaosFailure(f"round {self.round} of {self.cluster.topology}, seed {self.seed + self.round - 1} "
                           f"(the run's is {self.seed}), in {self.cluster.work}:\n{text}")

    # ---- after the last round --------------------------------------------------------------------------------------------
    def check_witness(self):
        """A new node that has no cache and no past sees the same."""
        witness = self.cluster.make_node("witness", "readonly", {})
        self.cluster.nodes["witness"] = witness
        witness.start()
        self.settle()

    def check_leaks(self):
        texts = readable_texts(self.cluster)
        self.demand(len(texts) > 3 * len(NODES), f"only {len(texts)} texts were searched for credentials")
        leaks = find_leaks(texts, self.cluster.secrets())
        self.demand(not leaks, "\n".join(leaks))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--topology", choices=TOPOLOGIES, help="default: each in turn")
    parser.add_argument("--rounds", type=int, default=0, help="0 is without end")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    done, kinds = 0, Counter()
    while not args.rounds or done < args.rounds:
        topology = args.topology or TOPOLOGIES[done // ROUNDS_OF_A_CLUSTER % len(TOPOLOGIES)]
        rounds = min(ROUNDS_OF_A_CLUSTER, args.rounds - done) if args.rounds else ROUNDS_OF_A_CLUSTER
        work = tempfile.mkdtemp(prefix="gigapi-chaos-")
        driver = ChaosDriver(find_binary(), work, topology, args.seed + done)
        try:
            driver.run(rounds)
        except (AssertionError, OSError) as failure:
            print(f"chaos: failed, {work} is kept: {failure}", file=sys.stderr)
            sys.exit(1)
        except KeyboardInterrupt:
            shutil.rmtree(work)
            break
        shutil.rmtree(work)
        done += rounds
        kinds += driver.faults
    print(f"chaos: {done} rounds passed, 0 failed, faults: {dict(kinds)}")


if __name__ == "__main__":
    main()
