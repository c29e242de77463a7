using System.Text;

namespace Alloc.Schemas.Avro;

/// <summary>
/// An Avro schema (specification 1.11): a primitive, or one of <see cref="RecordSchema"/>, <see cref="EnumSchema"/>,
/// <see cref="FixedSchema"/>, <see cref="ArraySchema"/>, <see cref="MapSchema"/> and <see cref="UnionSchema"/>.
/// Immutable once parsed. The same source is compiled into the generator, so that a schema means the same to both.
/// </summary>
public abstract class AvroSchema
{
    internal static readonly IReadOnlyList<KeyValuePair<string, JsonValue>> NoProperties =
        Array.Empty<KeyValuePair<string, JsonValue>>();

    private string? canonicalForm;
    private string? text;

    private protected AvroSchema(AvroType type) => Type = type;

    public AvroType Type { get; }

    /// <summary>
    /// The logical type when it is known and fits the type beneath; the specification ignores any other.
    /// </summary>
    public AvroLogicalType LogicalType { get; internal set; }

    /// <summary>A decimal's number of digits; 0 for other types.</summary>
    public int Precision { get; internal set; }

    /// <summary>A decimal's digits after the point; 0 for other types.</summary>
    public int Scale { get; internal set; }

    /// <summary>
    /// Attributes that the specification does not define for this type, logical type included; kept as they are.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, JsonValue>> Properties { get; internal set; } = NoProperties;

    /// <summary>Parsing Canonical Form: two schemas with the same one are read and written the same way.</summary>
    public string CanonicalForm => canonicalForm ??= SchemaWriter.WriteCanonical(this);

    /// <summary>The CRC-64-AVRO (Rabin) fingerprint of the canonical form.</summary>
    public ulong Fingerprint => RabinFingerprint.Compute(Encoding.UTF8.GetBytes(CanonicalForm));

    /// <summary>Reads a schema whose named types are all defined in the text, each before its use.</summary>
    /// <exception cref="AvroSchemaException">The text is not a valid schema.</exception>
    public static AvroSchema Parse(string text) => SchemaParser.Parse(text);

    /// <summary>The whole schema as JSON: self-contained, each named type defined at its first use.</summary>
    public override string ToString() => text ??= SchemaWriter.WriteText(this);
}

/// <summary>A primitive, with its logical type if it has one.</summary>
public sealed class PrimitiveSchema : AvroSchema
{
    internal PrimitiveSchema(AvroType type)
        : base(type)
    {
    }
}

/// <summary>A type with a name: a record, an enum or a fixed.</summary>
public abstract class NamedSchema : AvroSchema
{
    private protected NamedSchema(AvroType type, string name, string @namespace)
        : base(type)
    {
        Name = name;
        Namespace = @namespace;
    }

    /// <summary>The name without namespace.</summary>
    public string Name { get; }

    /// <summary>The namespace; empty for none.</summary>
    public string Namespace { get; }

    /// <summary>Namespace and name, with a dot between.</summary>
    public string FullName => Namespace.Length == 0 ? Name : Namespace + "." + Name;

    /// <summary>Full names of which a writer's type may have been known.</summary>
    public IReadOnlyList<string> Aliases { get; internal set; } = [];

    public string? Doc { get; internal set; }

    /// <summary>Where the definition stands.</summary>
    public TextPlace Place { get; internal set; }

    /// <summary>The file of the definition; null when its text has no name.</summary>
    public string? SchemaSource { get; internal set; }
}

/// <summary>A record: fields in the order in which they are written.</summary>
public sealed class RecordSchema : NamedSchema
{
    internal RecordSchema(string name, string @namespace)
        : base(AvroType.Record, name, @namespace)
    {
    }

    public IReadOnlyList<FieldSchema> Fields { get; internal set; } = [];
}

/// <summary>One field of a record.</summary>
public sealed class FieldSchema
{
    internal FieldSchema(string name, AvroSchema schema, JsonValue? defaultValue, TextPlace place)
    {
        Name = name;
        Schema = schema;
        Default = defaultValue;
        Place = place;
    }

    public string Name { get; }

    public AvroSchema Schema { get; }

    /// <summary>The value that a reader takes when the writer has no such field; null when there is none.</summary>
    public JsonValue? Default { get; }

    public string? Doc { get; internal set; }

    /// <summary>Names that a writer's field may have.</summary>
    public IReadOnlyList<string> Aliases { get; internal set; } = [];

    /// <summary>Attributes that the specification does not define; kept as they are.</summary>
    public IReadOnlyList<KeyValuePair<string, JsonValue>> Properties { get; internal set; } = AvroSchema.NoProperties;

    public TextPlace Place { get; }
}

/// <summary>An enum: written as the index of its symbol.</summary>
public sealed class EnumSchema : NamedSchema
{
    internal EnumSchema(string name, string @namespace, IReadOnlyList<string> symbols, string? defaultSymbol)
        : base(AvroType.Enum, name, @namespace)
    {
        Symbols = symbols;
        DefaultSymbol = defaultSymbol;
    }

    public IReadOnlyList<string> Symbols { get; }

    /// <summary>The symbol that a reader takes for one it does not know; null when there is none.</summary>
    public string? DefaultSymbol { get; }

    /// <summary>The index of a symbol; -1 when the enum has no such symbol.</summary>
    public int IndexOf(string symbol)
    {
        for (var i = 0; i < Symbols.Count; i++)
        {
            if (string.Equals(Symbols[i], symbol, StringComparison.Ordinal))
            {
                return i;
            }
        }
        return -1;
    }
}

/// <summary>A fixed number of bytes.</summary>
public sealed class FixedSchema : NamedSchema
{
    internal FixedSchema(string name, string @namespace, int size)
        : base(AvroType.Fixed, name, @namespace) => Size = size;

    /// <summary>The number of bytes.</summary>
    public int Size { get; }
}

/// <summary>An array of items of one schema.</summary>
public sealed class ArraySchema : AvroSchema
{
    private int minimumItemSize = -1;

    internal ArraySchema(AvroSchema items)
        : base(AvroType.Array) => Items = items;

    public AvroSchema Items { get; }

    /// <summary>The fewest bytes that an item takes.</summary>
    internal int MinimumItemSize => minimumItemSize >= 0 ? minimumItemSize : minimumItemSize = MinimumSize.Of(Items);
}

/// <summary>A map from strings to values of one schema.</summary>
public sealed class MapSchema : AvroSchema
{
    private int minimumEntrySize = -1;

    internal MapSchema(AvroSchema values)
        : base(AvroType.Map) => Values = values;

    public AvroSchema Values { get; }

    /// <summary>The fewest bytes that a key and its value take.</summary>
    internal int MinimumEntrySize =>
        minimumEntrySize >= 0 ? minimumEntrySize : minimumEntrySize = 1 + MinimumSize.Of(Values);
}

/// <summary>A union: written as the index of a branch and its value.</summary>
public sealed class UnionSchema : AvroSchema
{
    internal UnionSchema(IReadOnlyList<AvroSchema> branches)
        : base(AvroType.Union) => Branches = branches;

    public IReadOnlyList<AvroSchema> Branches { get; }

    /// <summary>The index of the null branch; -1 when there is none.</summary>
    public int NullIndex
    {
        get
        {
            for (var i = 0; i < Branches.Count; i++)
            {
                if (Branches[i].Type == AvroType.Null)
                {
                    return i;
                }
            }
            return -1;
        }
    }
}
