namespace Alloc.Engine.Processing;

/// <summary>A typed record on its way through a topology.</summary>
/// <param name="Key">The key; <c>default</c> where the log has a null key.</param>
/// <param name="Value">The value; <c>default</c> where the log has a null value (a delete in compacted topics).</param>
/// <param name="TimestampMs">Milliseconds since the Unix epoch, as the log has it.</param>
/// <param name="Headers">Headers, or null for none.</param>
public readonly record struct Record<TKey, TValue>(
    TKey Key, TValue Value, long TimestampMs, RecordHeaders? Headers = null);
