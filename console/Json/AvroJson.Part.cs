using System.Text.Json.Nodes;
using Alloc.Schemas.Avro;

namespace Alloc.Web.Json;

/// <summary>Where bytes stop being what their schema says.</summary>
/// <param name="Path">The field that cannot be read, for instance <c>body.quantity</c>; empty: the value itself, or
/// what stands behind it.</param>
/// <param name="Position">The byte that the field begins at, from 0.</param>
/// <param name="Reason">What is wrong there, as a sentence.</param>
public sealed record AvroBreak(string Path, int Position, string Reason);

/// <content>Values that are damaged: what can be read of them, and where it ends.</content>
public static partial class AvroJson
{
    /// <summary>Reads as much of <paramref name="body"/> as is a value of the schema.</summary>
    /// <param name="schema">The schema that it was written with.</param>
    /// <param name="body">The bytes.</param>
    /// <param name="broken">Where it ends; null where the whole could be read.</param>
    /// <returns>The fields before the break; null where nothing could be read.</returns>
    public static JsonNode? ReadPart(AvroSchema schema, ReadOnlySpan<byte> body, out AvroBreak? broken)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var reader = new AvroReader(body);
        JsonNode? value;
        try
        {
            value = Read(schema, ref reader, 0);
        }
        catch (AvroException error)
        {
            return Part(schema, body, 0, "", 0, error.Message, out broken);
        }
        broken = reader.Remaining == 0 ? null
            : new AvroBreak("", reader.Position, $"{reader.Remaining} bytes are left after the end of the record.");
        return value;
    }

    /// <summary>What a value that failed has before its break: only records have parts.</summary>
    private static JsonObject? Part(
        AvroSchema schema, ReadOnlySpan<byte> body, int start, string path, int depth, string reason,
        out AvroBreak? broken)
    {
        broken = new AvroBreak(path, start, reason);
        var reader = new AvroReader(body[start..]);
        var named = schema;
        if (schema is UnionSchema union)
        {
            try
            {
                named = union.Branches[reader.ReadUnionIndex(union.Branches.Count)];
            }
            catch (AvroException)
            {
                return null;
            }
        }
        if (named is not RecordSchema record || depth >= MaximumDepth)
        {
            return null;
        }
        var value = new JsonObject();
        if (schema is UnionSchema several && several.Branches.Count(b => b.Type == AvroType.Record) > 1)
        {
            value["type"] = record.Name;
        }
        foreach (var field in record.Fields)
        {
            var at = reader.Position;
            try
            {
                value[field.Name] = Read(field.Schema, ref reader, depth + 1);
            }
            catch (AvroException error)
            {
                var inner = path.Length == 0 ? field.Name : $"{path}.{field.Name}";
                if (Part(field.Schema, body, start + at, inner, depth + 1, error.Message, out broken) is { } part)
                {
                    value[field.Name] = part;
                }
                return value;
            }
        }
        return value;
    }
}
