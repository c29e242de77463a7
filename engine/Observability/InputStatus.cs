namespace Alloc.Engine.Observability;

/// <summary>How far the decisions of one input partition are, measured to the end of the log.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="IsHere">Whether it belongs to this instance; else nobody in the group has it.</param>
/// <param name="Committed">The group's offset: everything before it is decided.</param>
/// <param name="End">The high watermark as it was seen last.</param>
/// <param name="LagRecords">Records, and markers, between the two.</param>
/// <param name="Age">
/// Age of the oldest record that is not decided; where the end is not known any more, how long that has been so, if
/// that is more. Zero where nothing waits.
/// </param>
/// <param name="Stalled">How long nothing of it was decided while records waited, or its end was not known.</param>
/// <param name="Why">What holds it up, in words; null where nothing is known to.</param>
public sealed record InputStatus(
    string Topic, int Partition, bool IsHere, long Committed, long End, long LagRecords, TimeSpan Age,
    TimeSpan Stalled, string? Why);

/// <summary>What an application hears of Kafka.</summary>
/// <param name="Silent">How long it has heard nothing; zero while questions are answered.</param>
/// <param name="Why">What the last question ended with, or null.</param>
public sealed record BrokerContact(TimeSpan Silent, string? Why);
