namespace Alloc.Broker;

/// <summary>Names one partition of a topic.</summary>
internal readonly record struct TopicPartition(string Topic, int Partition);
