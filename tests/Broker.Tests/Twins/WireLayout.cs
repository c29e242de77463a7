using System.Globalization;
using Alloc.Broker.Protocol;

namespace Broker.Tests.Twins;

/// <summary>
/// A message's fields as a line of text, with which it is written and read in any version:
/// <c>error:i16 topics:[name:s parts:[index:i32 epoch:i32(5+)]](1-3)</c>. Types are bool, i8 to i64, s and bytes (both
/// nullable), [fields] and [type]; what stands in parentheses are the versions that have the field. Every structure
/// ends in tagged fields where the version is flexible.
/// </summary>
internal sealed class WireLayout
{
    private static readonly string[] KeyNames = ["index", "name", "group", "id", "node"];
    private readonly List<Field> fields = [];

    public static WireLayout Parse(string text)
    {
        var position = 0;
        var layout = Parse(text, ref position);
        return position == text.Length ? layout : throw new FormatException($"'{text}' is read up to {position} only");
    }

    /// <summary>Writes a structure. There is a value for every field, whatever the version; a structure and an array
    /// are arrays of objects.</summary>
    public void Write(KafkaWriter writer, object?[] values)
    {
        Assert.Equal(fields.Count, values.Length);
        foreach (var (field, value) in fields.Zip(values).Where(pair => pair.First.IsIn(writer.Version)))
        {
            if (field.Element is null)
            {
                WriteSimple(writer, field.Type, value);
                continue;
            }
            var elements = (object?[]?)value;
            writer.WriteArrayLength(elements?.Length ?? -1);
            foreach (var element in elements ?? [])
            {
                if (field.Element.IsSimple)
                {
                    WriteSimple(writer, field.Element.fields[0].Type, element);
                }
                else
                {
                    field.Element.Write(writer, (object?[])element!);
                }
            }
        }
        writer.WriteTags();
    }

    /// <summary>Reads a structure into lines of path and value.</summary>
    public void Read(ref KafkaReader reader, string path, List<(string Path, string Value)> lines)
    {
        foreach (var field in fields)
        {
            if (!field.IsIn(reader.Version))
            {
                continue;
            }
            var at = path + field.Name;
            if (field.Element is null)
            {
                lines.Add((at, ReadSimple(ref reader, field.Type)));
                continue;
            }
            var count = reader.ReadNullableArrayLength();
            lines.Add((at, count < 0 ? "null" : $"{count} entries"));
            var known = new HashSet<string>();
            for (var index = 0; index < count; index++)
            {
                if (field.Element.IsSimple)
                {
                    lines.Add((string.Create(CultureInfo.InvariantCulture, $"{at}[{index}]"),
                        ReadSimple(ref reader, field.Element.fields[0].Type)));
                    continue;
                }
                // Entries are known by their first field, so that their order does not matter; errors stand first.
                var entry = new List<(string Path, string Value)>();
                field.Element.Read(ref reader, "", entry);
                var key = entry.FirstOrDefault(line => Array.IndexOf(KeyNames, line.Path) >= 0).Value
                    ?? index.ToString(CultureInfo.InvariantCulture);
                key = key.Trim('\'');
                while (!known.Add(key))
                {
                    key += "+";
                }
                lines.AddRange(entry.Select(line => ($"{at}[{key}].{line.Path}", line.Value)));
            }
        }
        if (reader.IsFlexible)
        {
            ReadTags(ref reader, path, lines);
        }
    }

    private bool IsSimple => fields is [{ Name: "" }];

    private static void ReadTags(ref KafkaReader reader, string path, List<(string Path, string Value)> lines)
    {
        for (var count = reader.ReadUnsignedVarint(); count > 0; count--)
        {
            var tag = reader.ReadUnsignedVarint();
            var bytes = new byte[reader.ReadUnsignedVarint()];
            for (var index = 0; index < bytes.Length; index++)
            {
                bytes[index] = (byte)reader.ReadInt8();
            }
            lines.Add(($"{path}tag{tag}", Convert.ToHexString(bytes)));
        }
    }

    private static void WriteSimple(KafkaWriter writer, string type, object? value)
    {
        switch (type)
        {
            case "bool":
                writer.WriteBoolean((bool)value!);
                break;
            case "i8":
                writer.WriteInt8(Convert.ToSByte(value, CultureInfo.InvariantCulture));
                break;
            case "i16":
                writer.WriteInt16(Convert.ToInt16(value, CultureInfo.InvariantCulture));
                break;
            case "i32":
                writer.WriteInt32(Convert.ToInt32(value, CultureInfo.InvariantCulture));
                break;
            case "i64":
                writer.WriteInt64(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case "s":
                writer.WriteNullableString((string?)value);
                break;
            default:
                writer.WriteBytes((byte[])value!);
                break;
        }
    }

    private static string ReadSimple(ref KafkaReader reader, string type) => type switch
    {
        "bool" => reader.ReadBoolean() ? "true" : "false",
        "i8" => reader.ReadInt8().ToString(CultureInfo.InvariantCulture),
        "i16" => reader.ReadInt16().ToString(CultureInfo.InvariantCulture),
        "i32" => reader.ReadInt32().ToString(CultureInfo.InvariantCulture),
        "i64" => reader.ReadInt64().ToString(CultureInfo.InvariantCulture),
        "s" => reader.ReadNullableString() is { } text ? $"'{text}'" : "null",
        _ => reader.ReadNullableBytes() is { } bytes ? $"0x{Convert.ToHexString(bytes.Span)}" : "null",
    };

    private static WireLayout Parse(string text, ref int position)
    {
        var layout = new WireLayout();
        while (position < text.Length && text[position] != ']')
        {
            layout.fields.Add(ParseField(text, ref position));
            position += position < text.Length && text[position] == ' ' ? 1 : 0;
        }
        return layout;
    }

    private static Field ParseField(string text, ref int position)
    {
        var colon = text.IndexOfAny([':', ']'], position);
        var name = colon >= 0 && text[colon] == ':' ? text[position..colon] : "";
        position += name.Length == 0 ? 0 : name.Length + 1;
        string type;
        WireLayout? element = null;
        if (text[position] == '[')
        {
            position++;
            element = Parse(text, ref position);
            position++;
            type = "[]";
        }
        else
        {
            var end = text.IndexOfAny([' ', '(', ']'], position);
            end = end < 0 ? text.Length : end;
            type = text[position..end];
            position = end;
        }
        short from = 0, to = short.MaxValue;
        if (position < text.Length && text[position] == '(')
        {
            var close = text.IndexOf(')', position);
            var parts = text[(position + 1)..close].Split('-', '+');
            from = short.Parse(parts[0], CultureInfo.InvariantCulture);
            to = parts[1].Length == 0 ? to : short.Parse(parts[1], CultureInfo.InvariantCulture);
            position = close + 1;
        }
        return new Field(name, type, element, from, to);
    }

    private sealed record Field(string Name, string Type, WireLayout? Element, short From, short To)
    {
        public bool IsIn(short version) => version >= From && version <= To;
    }
}
