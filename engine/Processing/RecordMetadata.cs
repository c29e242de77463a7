namespace Alloc.Engine.Processing;

/// <summary>Where the record that is being processed stands in the log.</summary>
/// <param name="Topic">The topic as it is named on the broker.</param>
/// <param name="Partition">The partition, from 0.</param>
/// <param name="Offset">The record's offset.</param>
/// <param name="TimestampMs">The record's timestamp, milliseconds since the Unix epoch.</param>
public readonly record struct RecordMetadata(string Topic, int Partition, long Offset, long TimestampMs);
