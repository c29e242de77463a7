"""Keeps the newest state of every reservation in a database of its own: subscriber.py [bootstrap] [registry] [database]

Positions and sequences are in the transaction of the view: however often it is killed, each outcome acts on it once,
and none is missed unnoticed. Needs python3-confluent-kafka and python3-avro.
"""
import sqlite3
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from alloc_avro import Registry, deserialize

TOPIC = "allocation.outcomes"
bootstrap, registry_url, path = sys.argv[1:] + [
    "localhost:9092", "http://localhost:8081", "python-sample.db"][len(sys.argv) - 1:]

view = sqlite3.connect(path)
view.executescript("""
    CREATE TABLE IF NOT EXISTS position (part INTEGER PRIMARY KEY, next INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS pool (id TEXT PRIMARY KEY, sequence INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS reservation (
        pool TEXT, id TEXT, held INTEGER NOT NULL, confirmed INTEGER NOT NULL, PRIMARY KEY (pool, id));
""")


def ask(sql, *values):
    row = view.execute(sql, values).fetchone()
    return row[0] if row else None


def apply(outcome, partition, offset):
    """Takes an outcome into the view, with its position, in one transaction; says whether it was new."""
    pool, sequence = outcome["poolId"], outcome["sequence"]
    with view:
        expected = (ask("SELECT sequence FROM pool WHERE id = ?", pool) or 0) + 1
        if sequence > expected:
            raise RuntimeError(f"{pool}#{expected} is missing before #{sequence}: delete {path}, read from the beginning")
        if sequence == expected:
            view.execute("INSERT OR REPLACE INTO pool VALUES (?, ?)", (pool, sequence))
            # Every reservation that it touched comes complete: nothing has to be added up.
            view.executemany("INSERT OR REPLACE INTO reservation VALUES (?, ?, ?, ?)", [
                (pool, after["reservationId"], after["held"], after["confirmed"]) for after in outcome["after"]])
        view.execute("INSERT OR REPLACE INTO position VALUES (?, ?)", (partition, offset + 1))
    return sequence == expected


registry = Registry(registry_url)
consumer = Consumer({
    "bootstrap.servers": bootstrap,
    "group.id": "python-sample",  # needed by the client; nothing is committed under it
    "enable.auto.commit": False,
    "isolation.level": "read_committed",  # what is not committed was not decided
    "auto.offset.reset": "error",  # a position that is gone is an error, not a reason to jump
})
partitions = consumer.list_topics(TOPIC, timeout=30).topics[TOPIC].partitions
positions = {p: ask("SELECT next FROM position WHERE part = ?", p) for p in partitions}
consumer.assign([TopicPartition(TOPIC, p, OFFSET_BEGINNING if n is None else n) for p, n in positions.items()])
while True:
    record = consumer.poll(1)
    if record is None:
        continue
    if record.error():
        # A position that is gone does not heal; lost connections do, by themselves.
        if record.error().fatal() or record.error().code() == KafkaError._AUTO_OFFSET_RESET:
            raise KafkaException(record.error())
        print(record.error(), file=sys.stderr)
        continue
    # What cannot be read ends the program: only the engine writes here, nothing may be passed over.
    outcome = deserialize(registry, record.value())
    if apply(outcome, record.partition(), record.offset()):
        print(f"{outcome['poolId']}#{outcome['sequence']} {outcome['event']['$type']},"
              f" {outcome['balancesAfter']['free']} free", flush=True)
