"""Answers, for each line of JSON on stdin, what Debian's python3-avro makes of the same bytes.

{"writer": schema text, "reader": schema text, "bytes": hex} -> {"bytes": hex} or {"error": text}
The bytes are read as the writer's schema, resolved to the reader's, and written again as the reader's.
"""
import io
import json
import sys

import avro.io
import avro.schema

for line in sys.stdin:
    request = json.loads(line)
    try:
        writer = avro.schema.parse(request["writer"])
        reader = avro.schema.parse(request["reader"])
        source = io.BytesIO(bytes.fromhex(request["bytes"]))
        datum = avro.io.DatumReader(writer, reader).read(avro.io.BinaryDecoder(source))
        if source.read(1):
            raise ValueError("bytes are left over")
        target = io.BytesIO()
        avro.io.DatumWriter(reader).write(datum, avro.io.BinaryEncoder(target))
        answer = {"bytes": target.getvalue().hex(), "canonical": writer.canonical_form}
    except Exception as error:  # whatever the library raises is its verdict
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
