using Alloc.Engine.LogClient;

namespace Alloc.Engine.Watermarks;

/// <summary>
/// What is found out of one time of the broker's clock: where what nobody of ours writes ended then; once its readers
/// have got there, where what they write ended; and so on down to the sources. Each end is taken once and stays.
/// </summary>
/// <param name="clockMs">The broker's clock as it was known before anything was asked for.</param>
internal sealed class WatermarkRound(long clockMs)
{
    private readonly Dictionary<WatermarkedTopic, Dictionary<TopicPartition, long>> ends =
        new(ReferenceEqualityComparer.Instance);

    /// <summary>The time of the round.</summary>
    public long ClockMs => clockMs;

    /// <summary>The ends of a topic; null before they are taken.</summary>
    public IReadOnlyDictionary<TopicPartition, long>? EndsOf(WatermarkedTopic topic) => ends.GetValueOrDefault(topic);

    /// <summary>
    /// Whether the ends of all that a topic's group reads are taken, and the topic's own are not: the group's offsets
    /// are to be looked at.
    /// </summary>
    public bool AwaitsGroup(WatermarkedTopic topic) =>
        topic.Group is not null && !ends.ContainsKey(topic) && topic.Inputs.All(ends.ContainsKey);

    /// <summary>Where the group of a topic must have got to.</summary>
    public IEnumerable<KeyValuePair<TopicPartition, long>> Awaited(WatermarkedTopic topic) =>
        topic.Inputs.SelectMany(i => ends[i]).GroupBy(e => e.Key).Select(
            g => KeyValuePair.Create(g.Key, g.Max(e => e.Value)));

    /// <summary>Takes the ends of a topic; the first ones count.</summary>
    public void Take(WatermarkedTopic topic, Dictionary<TopicPartition, long> taken) => ends.TryAdd(topic, taken);
}
