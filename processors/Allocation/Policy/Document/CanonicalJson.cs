using System.Text.Json;
using Alloc.Processors.Notation;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>The forms that fields of a policy have in JSON.</summary>
internal static class CanonicalJson
{
    public static void WriteTable<TRow>(
        this Utf8JsonWriter json, string name, PolicyTable<TRow> table, Action<TRow, Utf8JsonWriter> write)
        where TRow : IPolicyRow => json.WriteRows(name, table, (row, w) =>
        {
            w.WriteString("id", row.Id);
            w.WriteString("pools", row.Pools.Text);
            write(row, w);
        });

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
