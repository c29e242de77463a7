using System.Globalization;
using System.Numerics;
using Alloc.Schemas.Avro;

namespace Alloc.Schemas.Generator;

/// <summary>Defaults of fields as C# expressions, and the test whether a value equals its default.</summary>
internal sealed partial class ValueEmitter
{
    /// <summary>Whether the default is an object that all instances can share, made once.</summary>
    public static bool IsSharedDefault(FieldSchema field) => field.Default is { } value && field.Schema switch
    {
        RecordSchema => true,
        ArraySchema => value.Items.Count > 0,
        MapSchema => value.Members.Count > 0,
        { Type: AvroType.Bytes or AvroType.Fixed, LogicalType: AvroLogicalType.None } => value.Text.Length > 0,
        UnionSchema union => union.Branches[0] is RecordSchema or ArraySchema or MapSchema
            || !TypeMap.IsNullable(union, out _),
        _ => false,
    };

    /// <summary>The default as an expression.</summary>
    public string DefaultExpression(JsonValue value, AvroSchema schema)
    {
        switch (schema)
        {
            case { LogicalType: AvroLogicalType.Date }:
                return $"global::System.DateOnly.FromDayNumber(719162 + ({value.Text}))";
            case { LogicalType: AvroLogicalType.TimeMillis }:
                return $"new global::System.TimeOnly({value.Text} * global::System.TimeSpan.TicksPerMillisecond)";
            case { LogicalType: AvroLogicalType.TimeMicros }:
                return $"new global::System.TimeOnly({value.Text} * global::System.TimeSpan.TicksPerMicrosecond)";
            case { LogicalType: AvroLogicalType.Uuid }:
                return $"global::System.Guid.ParseExact({Literal(value.Text)}, \"D\")";
            case { LogicalType: AvroLogicalType.Decimal }:
                return DecimalLiteral(value.Text, schema.Scale);
            case EnumSchema:
                return $"{map.CSharpType(schema)}.@{value.Text}";
            case RecordSchema record:
                return RecordExpression(value, record);
            case ArraySchema array:
                return $"[{string.Join(", ", value.Items.Select(i => DefaultExpression(i, array.Items)))}]";
            case MapSchema entries:
                return MapExpression(value, entries);
            case UnionSchema union:
                return UnionExpression(value, union);
            default:
                break;
        }
        switch (schema.Type)
        {
            case AvroType.Null:
                return "default";
            case AvroType.Long:
                return value.Text == "-9223372036854775808" ? "long.MinValue" : value.Text + "L";
            case AvroType.Int:
                return value.Text == "-2147483648" ? "int.MinValue" : value.Text;
            case AvroType.Float:
                return value.Text + "f";
            case AvroType.Double:
                return value.Text + "d";
            case AvroType.String:
                return Literal(value.Text);
            case AvroType.Bytes:
            case AvroType.Fixed:
                var bytes = value.Text.Select(c => ((int)c).ToString(CultureInfo.InvariantCulture));
                return value.Text.Length == 0
                    ? "global::System.ReadOnlyMemory<byte>.Empty"
                    : $"new byte[] {{ {string.Join(", ", bytes)} }}";
            default:
                return value.Text;
        }
    }

    /// <summary>A condition that is true when the property equals the default.</summary>
    public string IsDefault(FieldSchema field, string property)
    {
        var value = field.Default!;
        switch (field.Schema)
        {
            case UnionSchema { Branches: var branches } when branches[0].Type == AvroType.Null:
                return $"{property} is null";
            case ArraySchema when value.Items.Count == 0:
            case MapSchema when value.Members.Count == 0:
                return $"{property}.Count == 0";
            case { LogicalType: not AvroLogicalType.None } or EnumSchema:
                return $"{property} == {DefaultExpression(value, field.Schema)}";
            case { Type: AvroType.Null }:
                return "true";
            case { Type: AvroType.Float or AvroType.Double }:
                return $"{property}.Equals({DefaultExpression(value, field.Schema)})";
            case { Type: AvroType.Bytes or AvroType.Fixed }:
                return value.Text.Length == 0
                    ? $"{property}.Length == 0"
                    : $"{Items}.SameBytes({property}, DefaultOf{property})";
            case PrimitiveSchema:
                return $"{property} == {DefaultExpression(value, field.Schema)}";
            default:
                Method($"IsDefaultOf{property}", name => EmitIsDefault(field, name));
                return $"IsDefaultOf{property}({property})";
        }
    }

    private static string Literal(string text)
    {
        var escaped = text.Select(c => c is '"' or '\\'
            ? "\\" + c
            : c is < ' ' or > '~' ? $"\\u{(int)c:x4}" : c.ToString());
        return "\"" + string.Concat(escaped) + "\"";
    }

    private static string DecimalLiteral(string bytes, int scale)
    {
        var unscaled = new BigInteger(bytes.Select(c => (byte)c).Reverse().ToArray());
        var digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        var text = scale == 0
            ? digits
            : digits.Substring(0, digits.Length - scale) + "." + digits.Substring(digits.Length - scale);
        return (unscaled.Sign < 0 ? "-" : string.Empty) + text + "m";
    }

    private string RecordExpression(JsonValue value, RecordSchema record)
    {
        var name = CSharpNames.Pascal(record.Name);
        var fields = record.Fields
            .Select(f => (Field: f, Value: value.Find(f.Name)))
            .Where(f => f.Value is not null)
            .Select(f => $"{CSharpNames.Property(name, f.Field)} = {DefaultExpression(f.Value!, f.Field.Schema)}");
        return $"new {map.CSharpType(record)} {{ {string.Join(", ", fields)} }}";
    }

    private string MapExpression(JsonValue value, MapSchema entries)
    {
        var type = map.CSharpType(entries.Values);
        var members = value.Members.Select(m => $"[{Literal(m.Key)}] = {DefaultExpression(m.Value, entries.Values)}");
        return value.Members.Count == 0
            ? $"{Items}.EmptyMap<{type}>()"
            : $"new global::System.Collections.Generic.Dictionary<string, {type}> {{ {string.Join(", ", members)} }}";
    }

    private string UnionExpression(JsonValue value, UnionSchema union)
    {
        var first = union.Branches[0];
        if (first.Type == AvroType.Null)
        {
            return "null";
        }
        var expression = DefaultExpression(value, first);
        var isPlain = first is RecordSchema || union.Branches.Count == 1 || TypeMap.IsNullable(union, out _);
        return isPlain ? expression : $"new {map.Union(union).FullName}.{UnionType.BranchName(first)}({expression})";
    }

    private void EmitIsDefault(FieldSchema field, string name)
    {
        var type = map.CSharpType(field.Schema);
        code.Block($"private static bool {name}({type} value)", () =>
        {
            var property = name.Substring("IsDefaultOf".Length);
            var expression = IsSharedDefault(field)
                ? "DefaultOf" + property
                : DefaultExpression(field.Default!, field.Schema);
            code.Line($"{type} defaultValue = {expression};");
            code.Block("static void Encode(" + type + " encoded, global::Alloc.Schemas.Avro.AvroWriter writer)", () =>
                EmitWrite(field.Schema, "encoded", property + "Default", WriteForm.Binary));
            code.Line("using var written = new global::Alloc.Schemas.Avro.AvroWriter();");
            code.Line("using var writtenDefault = new global::Alloc.Schemas.Avro.AvroWriter();");
            code.Line("Encode(value, written);");
            code.Line("Encode(defaultValue, writtenDefault);");
            code.Line($"return {Items}.SameBytes(written, writtenDefault);");
        });
    }
}
