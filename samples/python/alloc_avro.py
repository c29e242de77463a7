"""Alloc's contracts over Debian's python3-avro: framed as Confluent's serdes frame them, by the registry's schemas."""
import io
import json
import struct
import urllib.parse
import urllib.request

import avro.io
import avro.schema

MAGIC = 0


class Registry:
    """Schemas by id and by subject, each asked for once."""

    def __init__(self, url):
        self.url = url.rstrip("/")
        self.known = {}

    def latest(self, subject):
        """The newest schema of a subject: (id, schema)."""
        answer = self._get(f"/subjects/{urllib.parse.quote(subject, safe='')}/versions/latest")
        return answer["id"], avro.schema.parse(answer["schema"])

    def by_id(self, schema_id):
        if schema_id not in self.known:
            self.known[schema_id] = avro.schema.parse(self._get(f"/schemas/ids/{schema_id}")["schema"])
        return self.known[schema_id]

    def _get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)


class Branch:
    """A value of one branch of a union, said by the name of its record."""

    def __init__(self, name, **fields):
        self.name = name
        self.fields = fields


class _Writer(avro.io.DatumWriter):
    def write_record(self, writers_schema, datum, encoder):
        """Fields that are not given take the default of the schema."""
        for field in writers_schema.fields:
            value = datum[field.name] if field.name in datum else field.default if field.has_default else None
            self.write_data(field.type, value, encoder)

    def write_union(self, writers_schema, datum, encoder):
        """The library would take the last branch that fits; several of a command's may."""
        if not isinstance(datum, Branch):
            return super().write_union(writers_schema, datum, encoder)
        index, schema = next(
            (i, s) for i, s in enumerate(writers_schema.schemas) if getattr(s, "name", None) == datum.name)
        encoder.write_long(index)
        self.write_data(schema, datum.fields, encoder)


class _Reader(avro.io.DatumReader):
    def read_record(self, writers_schema, readers_schema, decoder):
        """With the record's name, by which the branches of a union are told apart."""
        return {**super().read_record(writers_schema, readers_schema, decoder), "$type": readers_schema.name}


def serialize(schema_id, schema, datum):
    target = io.BytesIO(struct.pack(">bI", MAGIC, schema_id))
    target.seek(0, io.SEEK_END)
    _Writer().write_data(schema, datum, avro.io.BinaryEncoder(target))
    return target.getvalue()


def deserialize(registry, message):
    magic, schema_id = struct.unpack(">bI", message[:5])
    if magic != MAGIC:
        raise ValueError("The value is not framed as Confluent's serdes frame it.")
    schema = registry.by_id(schema_id)
    return _Reader(schema, schema).read(avro.io.BinaryDecoder(io.BytesIO(message[5:])))
