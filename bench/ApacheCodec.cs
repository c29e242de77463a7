using Avro.Generic;
using Avro.IO;

namespace Alloc.Bench;

/// <summary>Apache's generic reader and writer on the same values as our codec, reused as far as they can be.</summary>
internal sealed class ApacheCodec
{
    private readonly GenericDatumReader<GenericRecord> reader;
    private readonly GenericDatumWriter<GenericRecord> writer;
    private readonly MemoryStream[] encoded;
    private readonly GenericRecord[] records;

    /// <param name="schema">The schema as JSON.</param>
    /// <param name="values">Values of it, without framing.</param>
    public ApacheCodec(string schema, byte[][] values)
    {
        var parsed = Avro.Schema.Parse(schema);
        reader = new GenericDatumReader<GenericRecord>(parsed, parsed);
        writer = new GenericDatumWriter<GenericRecord>(parsed);
        encoded = [.. values.Select(v => new MemoryStream(v))];
        records = [.. encoded.Select(ReadOne)];
    }

    public void Read(int count)
    {
        for (var i = 0; i < count; i++)
        {
            ReadOne(encoded[i % encoded.Length]);
        }
    }

    public void Write(int count)
    {
        using var output = new MemoryStream(4_096);
        var encoder = new BinaryEncoder(output);
        for (var i = 0; i < count; i++)
        {
            output.Position = 0;
            writer.Write(records[i % records.Length], encoder);
        }
    }

    private GenericRecord ReadOne(MemoryStream value)
    {
        value.Position = 0;
        return reader.Read(null!, new BinaryDecoder(value));
    }
}
