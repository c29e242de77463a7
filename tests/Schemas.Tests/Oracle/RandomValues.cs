using System.Numerics;
using Avro;
using Avro.Generic;
using AnySchema = Avro.Schema;

namespace Schemas.Tests.Oracle;

/// <summary>
/// Values of a schema for Apache's generic writer: seeded, every branch of a union and every symbol of an enum in turn,
/// so that a few hundred values have had all of them.
/// </summary>
internal sealed class RandomValues(int seed)
{
    private const int DeepestNesting = 8;

    private static readonly string[] Texts = ["", "a", "größer, mit € und 😀", "\0", new string('x', 200)];

    private readonly Random random = new(seed);
    private readonly Dictionary<AnySchema, int> turns = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<(string Union, int Branch)> taken = [];

    /// <summary>The branches of unions that no value had, as "union: branch".</summary>
    public IReadOnlyList<string> NeverTaken(AnySchema schema)
    {
        var missing = new List<string>();
        foreach (var union in Unions(schema, [], ""))
        {
            missing.AddRange(Enumerable.Range(0, union.Union.Count)
                .Where(b => !taken.Contains((union.Path, b))).Select(b => $"{union.Path}: {union.Union[b].Name}"));
        }
        return missing;
    }

    /// <summary>The next value of a record's schema.</summary>
    public GenericRecord Next(RecordSchema schema) => Record(schema, 0);

    private GenericRecord Record(RecordSchema schema, int depth)
    {
        var record = new GenericRecord(schema);
        foreach (var field in schema.Fields)
        {
            record.Add(field.Name, Value(field.Schema, $"{schema.Fullname}.{field.Name}", depth));
        }
        return record;
    }

    private object? Value(AnySchema schema, string path, int depth) => schema switch
    {
        RecordSchema record => Record(record, depth + 1),
        EnumSchema symbols => new GenericEnum(symbols, symbols.Symbols[Turn(symbols, symbols.Symbols.Count)]),
        LogicalSchema logical => Logical(logical),
        FixedSchema bytes => new GenericFixed(bytes, Bytes(bytes.Size)),
        ArraySchema array => Items(depth).Select(_ => Value(array.ItemSchema, path + "[]", depth + 1)).ToArray(),
        MapSchema map => Items(depth).ToDictionary(
            i => $"k{i}", _ => Value(map.ValueSchema, path + "{}", depth + 1)!, StringComparer.Ordinal),
        UnionSchema union => Branch(union, path, depth),
        _ => Primitive(schema.Tag),
    };

    private object? Primitive(AnySchema.Type type) => type switch
    {
        AnySchema.Type.Null => null,
        AnySchema.Type.Boolean => random.Next(2) == 0,
        AnySchema.Type.Int => random.Next(4) switch
        {
            0 => 0,
            1 => int.MinValue,
            2 => int.MaxValue,
            _ => random.Next(),
        },
        AnySchema.Type.Long => random.Next(4) switch
        {
            0 => -1L,
            1 => long.MinValue,
            2 => long.MaxValue,
            _ => random.NextInt64(),
        },
        AnySchema.Type.Float => (float)random.NextDouble(),
        AnySchema.Type.Double => -random.NextDouble(),
        AnySchema.Type.Bytes => Bytes(random.Next(40)),
        AnySchema.Type.String => Texts[random.Next(Texts.Length)],
        _ => throw new NotSupportedException($"{type} is no primitive type."),
    };

    private object Logical(LogicalSchema schema) => schema.LogicalTypeName switch
    {
        "timestamp-millis" => DateTime.UnixEpoch.AddMilliseconds(random.NextInt64(-1_000_000_000, 4_000_000_000_000)),
        "timestamp-micros" => DateTime.UnixEpoch.AddMicroseconds(random.NextInt64(4_000_000_000_000_000)),
        "date" => DateTime.UnixEpoch.AddDays(random.Next(-10_000, 40_000)),
        "time-millis" => TimeSpan.FromMilliseconds(random.Next(86_400_000)),
        "time-micros" => TimeSpan.FromMicroseconds(random.NextInt64(86_400_000_000)),
        "decimal" => new AvroDecimal(new BigInteger(random.Next(-99_999, 100_000)), 2),
        "uuid" => new Guid(Bytes(16)),
        var name => throw new NotSupportedException($"{name} is no logical type of ours."),
    };

    private object? Branch(UnionSchema union, string path, int depth)
    {
        // A type that holds itself ends at some depth: with nothing, where nothing is allowed.
        var empty = Enumerable.Range(0, union.Count).FirstOrDefault(b => union[b].Tag == AnySchema.Type.Null, -1);
        var branch = depth >= DeepestNesting && empty >= 0 ? empty : Turn(union, union.Count);
        taken.Add((path, branch));
        return Value(union[branch], path, depth);
    }

    private IEnumerable<int> Items(int depth) =>
        Enumerable.Range(0, depth >= DeepestNesting ? 0 : random.Next(4));

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private int Turn(AnySchema schema, int count)
    {
        var turn = turns.GetValueOrDefault(schema);
        turns[schema] = turn + 1;
        return turn % count;
    }

    private static IEnumerable<(string Path, UnionSchema Union)> Unions(
        AnySchema schema, HashSet<string> seen, string path)
    {
        switch (schema)
        {
            case RecordSchema record when seen.Add(record.Fullname):
                return record.Fields.SelectMany(f => Unions(f.Schema, seen, $"{record.Fullname}.{f.Name}")).ToList();
            case ArraySchema array:
                return Unions(array.ItemSchema, seen, path + "[]");
            case MapSchema map:
                return Unions(map.ValueSchema, seen, path + "{}");
            case UnionSchema union:
                return [(path, union), .. union.Schemas.SelectMany(branch => Unions(branch, seen, path))];
            default:
                return [];
        }
    }
}
