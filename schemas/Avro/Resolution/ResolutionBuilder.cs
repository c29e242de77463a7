namespace Alloc.Schemas.Avro;

/// <summary>Matches a writer's schema with a reader's, part by part, into steps.</summary>
internal sealed class ResolutionBuilder
{
    private readonly Dictionary<(RecordSchema Writer, RecordSchema Reader), RecordStep> records = [];

    /// <summary>Whether any part, even of a branch that may never be written, has no counterpart.</summary>
    public bool HasFailures { get; private set; }

    public ResolutionStep Resolve(AvroSchema writer, AvroSchema reader)
    {
        if (writer is UnionSchema writerUnion)
        {
            var branches = writerUnion.Branches.Select(b => Resolve(b, reader)).ToArray();
            return branches.Length > 0 && branches.All(b => b is FailStep) ? branches[0] : new FromUnionStep(branches);
        }
        if (reader is UnionSchema readerUnion)
        {
            return ResolveToUnion(writer, readerUnion);
        }
        if (SchemaMatching.LogicalTypeConflict(writer, reader) is { } conflict)
        {
            return Fail(conflict);
        }
        return (writer, reader) switch
        {
            (RecordSchema w, RecordSchema r) when SchemaMatching.NamesMatch(w, r) => ResolveRecord(w, r),
            (EnumSchema w, EnumSchema r) when SchemaMatching.NamesMatch(w, r) => ResolveEnum(w, r),
            (FixedSchema w, FixedSchema r) when SchemaMatching.NamesMatch(w, r) && w.Size == r.Size =>
                new FixedStep(w.Size),
            (ArraySchema w, ArraySchema r) => ResolveItems(w.Items, r.Items, w.MinimumItemSize, isMap: false),
            (MapSchema w, MapSchema r) => ResolveItems(w.Values, r.Values, w.MinimumEntrySize, isMap: true),
            (PrimitiveSchema, PrimitiveSchema) => ResolvePrimitive(writer.Type, reader.Type),
            _ => Fail($"{SchemaMatching.Describe(writer)} cannot be read as {SchemaMatching.Describe(reader)}"),
        };
    }

    private FailStep Fail(string reason)
    {
        HasFailures = true;
        return new FailStep(reason);
    }

    private ResolutionStep ResolveToUnion(AvroSchema writer, UnionSchema reader)
    {
        // The same type first, so that a long is not read as the double that happens to stand before it.
        for (var isExact = true; ; isExact = false)
        {
            for (var i = 0; i < reader.Branches.Count; i++)
            {
                var branch = reader.Branches[i];
                if (IsSameType(writer, branch) == isExact && Attempt(writer, branch) is { } step)
                {
                    return new ToUnionStep(i, step);
                }
            }
            if (!isExact)
            {
                return Fail($"{SchemaMatching.Describe(writer)} is no branch of the union");
            }
        }
    }

    private ResolutionStep? Attempt(AvroSchema writer, AvroSchema reader)
    {
        var before = HasFailures;
        var step = Resolve(writer, reader);
        if (step is not FailStep)
        {
            return step;
        }
        HasFailures = before;
        return null;
    }

    private static bool IsSameType(AvroSchema writer, AvroSchema reader) => writer.Type == reader.Type
        && (writer is not NamedSchema named || named.FullName == ((NamedSchema)reader).FullName);

    private ResolutionStep ResolvePrimitive(AvroType writer, AvroType reader)
    {
        if (writer != reader && !SchemaMatching.IsPromotable(writer, reader))
        {
            return Fail($"{writer} cannot be read as {reader}");
        }
        return reader switch
        {
            AvroType.Float when writer != AvroType.Float => new PromoteStep(toDouble: false, fromFloat: false),
            AvroType.Double when writer != AvroType.Double =>
                new PromoteStep(toDouble: true, fromFloat: writer == AvroType.Float),
            AvroType.Float => new FixedStep(sizeof(float)),
            AvroType.Double => new FixedStep(sizeof(double)),
            AvroType.Boolean => new FixedStep(1),
            AvroType.Null => new FixedStep(0),
            AvroType.Int => new IntegerStep(isInt: true),
            AvroType.Long => new IntegerStep(isInt: writer == AvroType.Int),
            _ => new BytesStep(),
        };
    }

    private ResolutionStep ResolveEnum(EnumSchema writer, EnumSchema reader)
    {
        var fallback = reader.DefaultSymbol is { } symbol ? reader.IndexOf(symbol) : -1;
        var indexes = writer.Symbols.Select(s => reader.IndexOf(s) is >= 0 and var index ? index : fallback).ToArray();
        return indexes.All(i => i < 0)
            ? Fail($"no symbol of {SchemaMatching.Describe(writer)} is known to the reader")
            : new EnumStep(writer, indexes);
    }

    private ResolutionStep ResolveItems(AvroSchema writer, AvroSchema reader, int minimumSize, bool isMap)
    {
        var item = Resolve(writer, reader);
        return item is FailStep ? item : new ItemsStep(item, minimumSize, isMap);
    }

    private ResolutionStep ResolveRecord(RecordSchema writer, RecordSchema reader)
    {
        if (records.TryGetValue((writer, reader), out var known))
        {
            return known.Failure is { } failure ? Fail(failure) : known;
        }
        var record = new RecordStep();
        records.Add((writer, reader), record);

        var sources = new List<RecordStep.FieldSource>();
        foreach (var field in reader.Fields)
        {
            var source = SchemaMatching.FindField(writer, field);
            if (source is not null)
            {
                var step = Resolve(source.Schema, field.Schema);
                if (step is FailStep fail)
                {
                    record.Failure = $"field {reader.Name}.{field.Name}: {fail.Reason}";
                    return Fail(record.Failure);
                }
                sources.Add(new RecordStep.FieldSource(IndexOf(writer, source), step));
            }
            else if (field.Default is not null)
            {
                sources.Add(new RecordStep.FieldSource(-1, new AppendStep(DefaultEncoder.Encode(field))));
            }
            else
            {
                record.Failure = $"field {reader.Name}.{field.Name} is not written and has no default";
                return Fail(record.Failure);
            }
        }
        record.Complete(writer, sources);
        return record;
    }

    private static int IndexOf(RecordSchema record, FieldSchema field)
    {
        for (var i = 0; i < record.Fields.Count; i++)
        {
            if (record.Fields[i] == field)
            {
                return i;
            }
        }
        return -1;
    }
}
