"""Orders two seats: producer.py [bootstrap] [registry] [pool] [order]

Needs python3-confluent-kafka and python3-avro.
"""
import datetime
import sys
import time

from confluent_kafka import KafkaException, Producer

from alloc_avro import Branch, Registry, serialize

TOPIC = "allocation.commands"
bootstrap, registry_url, pool, order = sys.argv[1:] + [
    "localhost:9092", "http://localhost:8081", "gallery", f"order-{time.time_ns()}"][len(sys.argv) - 1:]

schema_id, schema = Registry(registry_url).latest(f"{TOPIC}-value")
producer = Producer({
    "bootstrap.servers": bootstrap,
    "client.id": "python-sample",
    "enable.idempotence": True,
    # Where Kafka's Java clients would put a key: a command elsewhere than its pool is refused.
    "partitioner": "murmur2_random",
})


def send(command_id, body):
    """Sends until Kafka has it. A time-out does not say that it failed: under the same id it is decided once."""
    value = serialize(schema_id, schema, {
        "commandId": command_id,
        "poolId": pool,
        "actor": {"type": "Service", "id": "box-office", "channel": "web"},
        "correlationId": command_id,
        "issuedAt": datetime.datetime.now(datetime.timezone.utc),
        "body": body,
    })
    for _ in range(5):
        failures = []
        producer.produce(TOPIC, value, key=pool, on_delivery=lambda error, _: failures.append(error) if error else None)
        producer.flush()
        if not failures:
            print(command_id, "is sent", flush=True)
            return
        print(command_id, failures, "once more", file=sys.stderr)
    raise KafkaException(failures[0])


# Ids come from the business action, so that whoever does it again gets the same answer.
send(f"{pool}/configure", Branch("PoolConfigure", settings={
    "unit": "seat", "kind": "Capacity", "snapshotSource": "box-office"}))
send(f"{pool}/seats/100", Branch("SupplySnapshot", source="box-office", quantity=100, through=None))
send(f"{order}/hold", Branch("Hold", reservationId=order, quantity=2))
send(f"{order}/confirm", Branch("Confirm", reservationId=order))
