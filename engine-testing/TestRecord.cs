using Alloc.Engine.Processing;

namespace Alloc.Engine.Testing;

/// <summary>A record that a topology wrote, as bytes.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Offset">The offset in the driver's log.</param>
/// <param name="Key">The key's bytes, or null.</param>
/// <param name="Value">The value's bytes, or null.</param>
/// <param name="TimestampMs">Milliseconds since the Unix epoch.</param>
/// <param name="Headers">Headers, or null.</param>
public sealed record TestRecord(
    string Topic, int Partition, long Offset, byte[]? Key, byte[]? Value, long TimestampMs, RecordHeaders? Headers);
