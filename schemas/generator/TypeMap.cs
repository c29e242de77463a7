using Alloc.Schemas.Avro;

namespace Alloc.Schemas.Generator;

/// <summary>
/// A union of two or more types besides null: an abstract record whose nested records are the branches.
/// </summary>
internal sealed class UnionType(RecordSchema owner, FieldSchema field, string name, UnionSchema schema)
{
    public RecordSchema Owner { get; } = owner;

    public FieldSchema Field { get; } = field;

    public string Name { get; } = name;

    public UnionSchema Schema { get; } = schema;

    public string Namespace => CSharpNames.Namespace(Owner.Namespace);

    public string FullName => $"global::{Namespace}.{Name}";

    /// <summary>The nested type of a branch: a record's own, or one that wraps a value of another type.</summary>
    public static string BranchName(AvroSchema branch) => branch switch
    {
        RecordSchema record => CSharpNames.Pascal(record.Name),
        NamedSchema named => "Of" + CSharpNames.Pascal(named.Name),
        _ => "Of" + branch.Type,
    };
}

/// <summary>The C# type of every schema, and the unions that become types of their own.</summary>
internal sealed class TypeMap
{
    private readonly Dictionary<UnionSchema, UnionType> unions = [];
    private readonly Dictionary<RecordSchema, UnionType> branches = [];
    private readonly HashSet<RecordSchema> recursive = [];
    private readonly Dictionary<string, UnionType> byName = new(StringComparer.Ordinal);

    public IEnumerable<UnionType> Unions => byName.Values;

    public static TypeMap Create(IReadOnlyList<NamedSchema> types, ICollection<AvroSchemaException> errors)
    {
        var map = new TypeMap();
        foreach (var record in types.OfType<RecordSchema>())
        {
            foreach (var field in record.Fields)
            {
                map.FindUnions(record, field, field.Schema,
                    CSharpNames.Pascal(record.Name) + CSharpNames.Pascal(field.Name), errors);
            }
            if (Reaches(record, record, []))
            {
                map.recursive.Add(record);
            }
        }
        if (errors.Count == 0)
        {
            TypeChecks.Check(types, map, errors);
        }
        return map;
    }

    public UnionType Union(UnionSchema schema) => unions[schema];

    /// <summary>The union that a record is nested in; null when it stands alone.</summary>
    public UnionType? UnionOf(NamedSchema schema) =>
        schema is RecordSchema record && branches.TryGetValue(record, out var union) ? union : null;

    /// <summary>Whether values of the record may hold values of the same record.</summary>
    public bool IsRecursive(RecordSchema record) => recursive.Contains(record);

    /// <summary>The fully qualified C# type.</summary>
    public string CSharpType(AvroSchema schema) => schema switch
    {
        { LogicalType: AvroLogicalType.Date } => "global::System.DateOnly",
        { LogicalType: AvroLogicalType.TimeMillis or AvroLogicalType.TimeMicros } => "global::System.TimeOnly",
        { LogicalType: AvroLogicalType.Decimal } => "decimal",
        { LogicalType: AvroLogicalType.Uuid } => "global::System.Guid",
        FixedSchema => "global::System.ReadOnlyMemory<byte>",
        NamedSchema named when UnionOf(named) is { } union => $"{union.FullName}.{CSharpNames.Pascal(named.Name)}",
        NamedSchema named => $"global::{CSharpNames.Namespace(named.Namespace)}.{CSharpNames.Pascal(named.Name)}",
        ArraySchema array => $"global::System.Collections.Generic.IReadOnlyList<{CSharpType(array.Items)}>",
        MapSchema map => $"global::System.Collections.Generic.IReadOnlyDictionary<string, {CSharpType(map.Values)}>",
        UnionSchema union when IsNullable(union, out var inner) => CSharpType(inner) + "?",
        UnionSchema { Branches.Count: 1 } union => CSharpType(union.Branches[0]),
        UnionSchema union => Union(union).FullName + (union.NullIndex >= 0 ? "?" : string.Empty),
        _ => schema.Type switch
        {
            AvroType.Null => "global::Alloc.Schemas.Avro.AvroNull",
            AvroType.Boolean => "bool",
            AvroType.Int => "int",
            AvroType.Long => "long",
            AvroType.Float => "float",
            AvroType.Double => "double",
            AvroType.Bytes => "global::System.ReadOnlyMemory<byte>",
            _ => "string",
        },
    };

    /// <summary>Whether the union is null and one other type, which needs no type of its own.</summary>
    public static bool IsNullable(UnionSchema union, out AvroSchema inner)
    {
        var isNullable = union.Branches.Count == 2 && union.NullIndex >= 0;
        inner = union.Branches[isNullable ? 1 - union.NullIndex : 0];
        return isNullable;
    }

    private static bool Reaches(AvroSchema from, RecordSchema target, HashSet<RecordSchema> seen) => from switch
    {
        RecordSchema record => seen.Add(record)
            && record.Fields.Any(f => Uses(f.Schema, target) || Reaches(f.Schema, target, seen)),
        ArraySchema array => Reaches(array.Items, target, seen),
        MapSchema map => Reaches(map.Values, target, seen),
        UnionSchema union => union.Branches.Any(b => Reaches(b, target, seen)),
        _ => false,
    };

    private static bool Uses(AvroSchema schema, RecordSchema target) => schema switch
    {
        RecordSchema record => record == target,
        ArraySchema array => Uses(array.Items, target),
        MapSchema map => Uses(map.Values, target),
        UnionSchema union => union.Branches.Any(b => Uses(b, target)),
        _ => false,
    };

    private void FindUnions(
        RecordSchema owner, FieldSchema field, AvroSchema schema, string name, ICollection<AvroSchemaException> errors)
    {
        switch (schema)
        {
            case ArraySchema array:
                FindUnions(owner, field, array.Items, name, errors);
                break;
            case MapSchema map:
                FindUnions(owner, field, map.Values, name, errors);
                break;
            case UnionSchema { Branches.Count: 0 }:
                errors.Add(TypeChecks.Error(owner, field, "a union without branches has no value"));
                break;
            case UnionSchema union:
                foreach (var branch in union.Branches.Where(b => b is ArraySchema or MapSchema))
                {
                    FindUnions(owner, field, branch, name + "Item", errors);
                }
                if (union.Branches.Count(b => b.Type != AvroType.Null) > 1)
                {
                    AddUnion(new UnionType(owner, field, name, union), errors);
                }
                break;
            default:
                break;
        }
    }

    // The same branches in the same order are the same C# type, named after the field that comes first.
    private UnionType? SameUnion(UnionSchema schema) => schema.Branches[0] is RecordSchema first
        && branches.TryGetValue(first, out var other) && other.Schema.Branches.SequenceEqual(schema.Branches)
            ? other
            : null;

    private void AddUnion(UnionType union, ICollection<AvroSchemaException> errors)
    {
        if (SameUnion(union.Schema) is { } same)
        {
            unions.Add(union.Schema, same);
            return;
        }
        if (byName.ContainsKey(union.FullName))
        {
            errors.Add(TypeChecks.Error(union.Owner, union.Field, $"two unions would both be named {union.Name}"));
            return;
        }
        unions.Add(union.Schema, union);
        byName.Add(union.FullName, union);
        foreach (var branch in union.Schema.Branches.OfType<RecordSchema>())
        {
            if (branches.TryGetValue(branch, out var other))
            {
                errors.Add(TypeChecks.Error(union.Owner, union.Field,
                    $"record {branch.Name} is a branch of {other.Owner.Name}.{other.Field.Name} too; a C# record has "
                    + "one base: "
                    + "put it in a record of its own for one of them"));
                continue;
            }
            branches.Add(branch, union);
        }
    }
}
