using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Alloc.Processors.Notation;

namespace Alloc.Processors.Documents;

/// <summary>The forms that fields of a document have in canonical JSON: no white space, a fixed order.</summary>
internal static class CanonicalJson
{
    /// <summary>The text of an object.</summary>
    public static string Write(Action<Utf8JsonWriter> fields)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(
            stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>SHA-256 of a document's bytes in UTF-8, lower-case hexadecimal.</summary>
    public static string HashOf(string document) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(document)));

    public static void WriteRows<T>(
        this Utf8JsonWriter json, string name, IReadOnlyCollection<T> rows, Action<T, Utf8JsonWriter> write)
    {
        if (rows.Count == 0)
        {
            return;
        }
        json.WriteStartArray(name);
        foreach (var row in rows)
        {
            json.WriteStartObject();
            write(row, json);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public static void WriteTexts(this Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }
        json.WriteEndArray();
    }

    public static void WriteOptional(this Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
        {
            json.WriteString(name, text);
        }
    }

    public static void WriteUnless(this Utf8JsonWriter json, string name, bool value, bool byDefault)
    {
        if (value != byDefault)
        {
            json.WriteBoolean(name, value);
        }
    }

    public static void WriteUnless(this Utf8JsonWriter json, string name, long value, long byDefault)
    {
        if (value != byDefault)
        {
            json.WriteNumber(name, value);
        }
    }

    public static void WriteDuration(this Utf8JsonWriter json, string name, long ms) =>
        json.WriteString(name, DurationText.Show(ms));

    public static void WriteDurationUnless(this Utf8JsonWriter json, string name, long ms, long byDefaultMs)
    {
        if (ms != byDefaultMs)
        {
            json.WriteDuration(name, ms);
        }
    }

    public static void WriteWord<T>(this Utf8JsonWriter json, string name, T word)
        where T : struct, Enum => json.WriteString(name, Words.Of(word));

    public static void WriteWordUnless<T>(this Utf8JsonWriter json, string name, T word, T byDefault)
        where T : struct, Enum
    {
        if (!EqualityComparer<T>.Default.Equals(word, byDefault))
        {
            json.WriteWord(name, word);
        }
    }
}
