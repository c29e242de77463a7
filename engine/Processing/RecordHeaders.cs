using System.Collections;
using System.Text;

namespace Alloc.Engine.Processing;

/// <summary>Headers of a record in the order they were added; a key may occur more than once.</summary>
public sealed class RecordHeaders : IEnumerable<KeyValuePair<string, byte[]?>>
{
    private readonly List<KeyValuePair<string, byte[]?>> entries = [];

    /// <summary>The number of headers.</summary>
    public int Count => entries.Count;

    /// <summary>At least the bytes that they take in a record.</summary>
    internal long Size => entries.Sum(e => 3L * e.Key.Length + (e.Value?.Length ?? 0) + 10);

    /// <summary>Adds a header; null is a legal value.</summary>
    public RecordHeaders Add(string key, byte[]? value)
    {
        entries.Add(new(key, value));
        return this;
    }

    /// <summary>Adds a header with the UTF-8 bytes of a text.</summary>
    public RecordHeaders Add(string key, string value) => Add(key, Encoding.UTF8.GetBytes(value));

    /// <summary>The value of the last header with this key, or null.</summary>
    public byte[]? Last(string key)
    {
        for (var index = entries.Count - 1; index >= 0; index--)
        {
            if (entries[index].Key == key)
            {
                return entries[index].Value;
            }
        }
        return null;
    }

    /// <summary>The text of the last header with this key, or null.</summary>
    public string? LastText(string key) => Last(key) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, byte[]?>> GetEnumerator() => entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
