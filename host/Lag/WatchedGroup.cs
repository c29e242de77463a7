using Alloc.Engine.LogClient;

namespace Alloc.Host.Lag;

/// <summary>What the watch remembers of a group from one look to the next.</summary>
internal sealed class WatchedGroup(ConsumerGroup told, long windowMs)
{
    private readonly SortedDictionary<TopicPartition, WatchedPartition> partitions =
        new(Comparer<TopicPartition>.Create((a, b) => string.CompareOrdinal(a.Topic, b.Topic) is var byTopic
            && byTopic != 0 ? byTopic : a.Partition.CompareTo(b.Partition)));

    private Dictionary<TopicPartition, ConsumerGroupMember> owners = [];
    private HashSet<string> read = [];

    /// <summary>What its coordinator said last.</summary>
    public ConsumerGroup Told { get; private set; } = told;

    /// <summary>
    /// Whether its coordinator has not told its offsets so far, so that nobody knows whether it is on topics of ours.
    /// </summary>
    public bool IsUntold => partitions.Count == 0 && Told.Problem is not null;

    /// <summary>Its partitions, in order.</summary>
    public IReadOnlyDictionary<TopicPartition, WatchedPartition> Partitions => partitions;

    /// <summary>
    /// Takes what its coordinator says. Of a topic that members subscribe to every partition counts, of another one
    /// those that it committed an offset of.
    /// </summary>
    /// <param name="now">What is said.</param>
    /// <param name="all">The watched partitions that there are, by topic.</param>
    public void Take(ConsumerGroup now, ILookup<string, TopicPartition> all)
    {
        Told = now;
        owners = [];
        foreach (var member in now.Members)
        {
            foreach (var partition in member.Partitions)
            {
                owners[partition] = member;
            }
        }
        read = now.Members.SelectMany(m => m.Topics).Concat(owners.Keys.Select(p => p.Topic))
            .ToHashSet(StringComparer.Ordinal);
        if (now.Committed is not { } committed)
        {
            return;
        }
        var wanted = read.SelectMany(t => all[t])
            .Concat(committed.Keys.Where(p => p.Partition < all[p.Topic].Count())).ToHashSet();
        foreach (var gone in partitions.Keys.Where(p => !wanted.Contains(p)).ToList())
        {
            partitions.Remove(gone);
        }
        foreach (var partition in wanted.Where(p => !partitions.ContainsKey(p)))
        {
            partitions.Add(partition, new WatchedPartition(windowMs));
        }
    }

    /// <summary>The member that has a partition, or null.</summary>
    public ConsumerGroupMember? Owner(TopicPartition partition) => owners.GetValueOrDefault(partition);

    /// <summary>Whether somebody has a partition, or is about to get it.</summary>
    public bool IsOwned(TopicPartition partition) =>
        owners.ContainsKey(partition) || (Told.IsMoving && Told.Members.Count > 0 && read.Contains(partition.Topic));

    /// <summary>Why nobody works on a partition, in words; null where somebody does, as far as is known.</summary>
    public string? WhyUnowned(TopicPartition partition) =>
        owners.ContainsKey(partition) ? null
        : partitions[partition].Window.HasMoved && Told.Members.Count == 0
            // It takes its partitions itself and only commits here.
            ? null
        : !Told.AreMembersTold ? Told.Problem ?? "its coordinator does not tell who has it"
        : Told.IsMoving && Told.Members.Count > 0 ? "the group gives out its partitions anew"
        : Told.Members.Count == 0 ? "nobody in the group has it: the group has no members"
        : !read.Contains(partition.Topic) ? "nobody in the group has it: no member subscribes to the topic any more"
        : "nobody in the group has it";
}

/// <summary>What the watch remembers of a group in one partition.</summary>
internal sealed class WatchedPartition(long windowMs)
{
    public LagWindow Window { get; } = new(windowMs);

    /// <summary>Everything before it is done; null: nothing ever was.</summary>
    public long? Committed { get; private set; }

    /// <summary>The first offset that waits; never before the log's begin.</summary>
    public long From { get; private set; }

    /// <summary>The high watermark; −1 until it was seen.</summary>
    public long End { get; private set; } = -1;

    /// <summary>The first offset that the log still holds.</summary>
    public long Beginning { get; private set; }

    /// <summary>When both were told last, milliseconds since 1970 UTC.</summary>
    public long SeenMs { get; private set; }

    /// <summary>Why they were not told since; null while they are.</summary>
    public string? Silence { get; private set; }

    public long LagRecords => Math.Max(0, End - From);

    public void See(long? committed, long beginning, long end, long nowMs)
    {
        (Committed, Beginning, End) = (committed, beginning, end);
        From = Math.Max(committed ?? beginning, beginning);
        (SeenMs, Silence) = (nowMs, null);
        Window.Add(new LagSample(nowMs, committed ?? -1, end - From));
    }

    public void Miss(string why) => Silence = why;
}
