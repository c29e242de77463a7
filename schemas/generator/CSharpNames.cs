using Alloc.Schemas.Avro;

namespace Alloc.Schemas.Generator;

/// <summary>How Avro names become C# names.</summary>
internal static class CSharpNames
{
    // Members that every generated or every C# record has.
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "Schema", "Read", "Write", "WriteNonDefaultFields", "ReadUnion", "WriteUnion", "WriteUnionNonDefault",
        "EqualityContract", "Equals", "GetHashCode", "ToString", "GetType", "PrintMembers", "Deconstruct", "Finalize",
        "MemberwiseClone", "Clone", "ReferenceEquals",
    };

    /// <summary>
    /// <c>alloc.allocation</c> is <c>Alloc.Schemas.Allocation</c>; other namespaces keep all their segments.
    /// </summary>
    public static string Namespace(string avroNamespace)
    {
        var segments = avroNamespace.Split(['.'], StringSplitOptions.RemoveEmptyEntries).Select(Pascal).ToList();
        if (segments.Count == 0 || segments[0] == "Alloc")
        {
            segments = ["Alloc", "Schemas", .. segments.Skip(1)];
        }
        return string.Join(".", segments);
    }

    /// <summary>The property of a field: no clash with its record's name, times with their unit at the end.</summary>
    public static string Property(string recordName, FieldSchema field)
    {
        var name = Pascal(field.Name);
        var unit = UnitOf(field.Schema);
        if (unit is not null && !name.EndsWith(unit, StringComparison.Ordinal))
        {
            name += unit;
        }
        return name == recordName || Reserved.Contains(name) ? name + "Value" : name;
    }

    /// <summary>Words begin with a capital, underscores go.</summary>
    public static string Pascal(string name)
    {
        var words = name.Split(['_'], StringSplitOptions.RemoveEmptyEntries);
        var joined = string.Concat(words.Select(w => char.ToUpperInvariant(w[0]) + w.Substring(1)));
        return joined.Length == 0 || char.IsDigit(joined[0]) ? "_" + joined : joined;
    }

    private static string? UnitOf(AvroSchema schema) => schema switch
    {
        { LogicalType: AvroLogicalType.TimestampMillis } => "Ms",
        { LogicalType: AvroLogicalType.TimestampMicros } => "Us",
        ArraySchema array => UnitOf(array.Items),
        MapSchema map => UnitOf(map.Values),
        UnionSchema { Branches.Count: 2, NullIndex: >= 0 } union => UnitOf(union.Branches[1 - union.NullIndex]),
        _ => null,
    };
}
