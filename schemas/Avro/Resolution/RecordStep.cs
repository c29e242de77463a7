namespace Alloc.Schemas.Avro;

/// <summary>
/// A record. Where the reader's fields come in the writer's order, one pass does; otherwise a first pass notes where
/// each field begins, and a second one takes them in the reader's order.
/// </summary>
internal sealed class RecordStep : ResolutionStep
{
    private const int MaximumStackFieldCount = 128;

    private AvroSchema[] writerFields = [];
    private FieldSource[] sources = [];
    private ResolutionStep[] sequence = [];
    private bool isInOrder;

    /// <summary>Why no value of the record can be read; null when it can.</summary>
    public string? Failure { get; set; }

    /// <param name="writer">The writer's record.</param>
    /// <param name="sources">Where each of the reader's fields comes from, in the reader's order.</param>
    public void Complete(RecordSchema writer, IReadOnlyList<FieldSource> sources)
    {
        writerFields = writer.Fields.Select(f => f.Schema).ToArray();
        this.sources = [.. sources];
        var taken = sources.Where(s => s.WriterIndex >= 0).Select(s => s.WriterIndex).ToArray();
        isInOrder = taken.Zip(taken.Skip(1)).All(pair => pair.First < pair.Second);
        if (isInOrder)
        {
            sequence = [.. Sequence()];
        }
    }

    public override void Run(ref AvroReader input, AvroWriter output)
    {
        if (Failure is not null)
        {
            throw new AvroException($"The value has no counterpart in the reader's schema: {Failure}.");
        }
        input.EnterRecord();
        if (isInOrder)
        {
            foreach (var step in sequence)
            {
                step.Run(ref input, output);
            }
        }
        else
        {
            RunReordered(ref input, output);
        }
        input.ExitRecord();
    }

    private IEnumerable<ResolutionStep> Sequence()
    {
        var next = 0;
        foreach (var source in sources)
        {
            for (; next < source.WriterIndex; next++)
            {
                yield return new SkipStep(writerFields[next]);
            }
            next = Math.Max(next, source.WriterIndex + 1);
            yield return source.Step;
        }
        for (; next < writerFields.Length; next++)
        {
            yield return new SkipStep(writerFields[next]);
        }
    }

    private void RunReordered(ref AvroReader input, AvroWriter output)
    {
        var count = writerFields.Length;
        var starts = count <= MaximumStackFieldCount ? stackalloc int[count] : new int[count];
        for (var i = 0; i < count; i++)
        {
            starts[i] = input.Position;
            SchemaSkipper.Skip(writerFields[i], ref input);
        }
        var end = input.Position;
        foreach (var source in sources)
        {
            if (source.WriterIndex >= 0)
            {
                input.Position = starts[source.WriterIndex];
            }
            source.Step.Run(ref input, output);
        }
        input.Position = end;
    }

    /// <summary>Where a reader's field comes from.</summary>
    /// <param name="WriterIndex">The index of the writer's field; −1 for the default.</param>
    /// <param name="Step">What makes the reader's value.</param>
    public readonly record struct FieldSource(int WriterIndex, ResolutionStep Step);
}

/// <summary>A writer's field that the reader does not have.</summary>
internal sealed class SkipStep(AvroSchema schema) : ResolutionStep
{
    public override void Run(ref AvroReader input, AvroWriter output) => SchemaSkipper.Skip(schema, ref input);
}

/// <summary>Passes over values without making anything of them.</summary>
internal static class SchemaSkipper
{
    public static void Skip(AvroSchema schema, ref AvroReader input)
    {
        switch (schema)
        {
            case RecordSchema record:
                input.EnterRecord();
                foreach (var field in record.Fields)
                {
                    Skip(field.Schema, ref input);
                }
                input.ExitRecord();
                break;
            case EnumSchema symbols:
                input.ReadEnum(symbols.Symbols.Count);
                break;
            case FixedSchema bytes:
                input.Take(bytes.Size);
                break;
            case ArraySchema array:
                SkipItems(array.Items, array.MinimumItemSize, isMap: false, ref input);
                break;
            case MapSchema map:
                SkipItems(map.Values, map.MinimumEntrySize, isMap: true, ref input);
                break;
            case UnionSchema union:
                Skip(union.Branches[input.ReadUnionIndex(union.Branches.Count)], ref input);
                break;
            default:
                SkipPrimitive(schema.Type, ref input);
                break;
        }
    }

    private static void SkipItems(AvroSchema item, int minimumSize, bool isMap, ref AvroReader input)
    {
        while (input.ReadBlock(minimumSize, out var blockEnd) is var count and > 0)
        {
            if (blockEnd >= 0)
            {
                input.Position = blockEnd;
                continue;
            }
            for (var i = 0; i < count; i++)
            {
                if (isMap)
                {
                    input.ReadLengthPrefixed();
                }
                Skip(item, ref input);
            }
        }
    }

    private static void SkipPrimitive(AvroType type, ref AvroReader input)
    {
        switch (type)
        {
            case AvroType.Null:
                break;
            case AvroType.Boolean:
                input.ReadBoolean();
                break;
            case AvroType.Float:
                input.Take(sizeof(float));
                break;
            case AvroType.Double:
                input.Take(sizeof(double));
                break;
            case AvroType.Int:
            case AvroType.Long:
                input.ReadLong();
                break;
            default:
                input.ReadLengthPrefixed();
                break;
        }
    }
}
