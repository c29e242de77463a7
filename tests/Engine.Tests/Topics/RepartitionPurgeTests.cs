using Alloc.Engine.LogClient;
using Alloc.Engine.Topics;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engine.Tests.Topics;

/// <summary>What is deleted of repartition topics, look by look; the broker is a list of what was asked.</summary>
public sealed class RepartitionPurgeTests : IDisposable
{
    private static readonly TopicPartition First = new("again", 0);
    private static readonly TopicPartition Second = new("again", 1);
    private readonly Asked broker = new();
    private readonly List<TopicPartition> here = [First, Second, new("in", 0)];
    private readonly RepartitionPurge purge;

    public RepartitionPurgeTests() =>
        purge = new RepartitionPurge(["again"], () => here, TimeSpan.FromSeconds(30), NullLogger.Instance);

    [Fact]
    public void What_is_committed_is_deleted_and_of_no_other_topic()
    {
        (broker.Offsets[First], broker.Offsets[new("in", 0)]) = (7, 9);

        purge.Look(broker);

        Assert.Equal(["again-0 before 7"], broker.Deleted);
    }

    [Fact]
    public void What_was_deleted_is_not_deleted_again()
    {
        (broker.Offsets[First], broker.Offsets[Second]) = (7, 9);
        purge.Look(broker);
        broker.Offsets[Second] = 12;

        purge.Look(broker);
        purge.Look(broker);

        Assert.Equal(["again-0 before 7, again-1 before 9", "again-1 before 12"], broker.Deleted);
    }

    [Fact]
    public void A_partition_that_another_instance_has_is_its_own_to_delete()
    {
        (broker.Offsets[First], broker.Offsets[Second]) = (7, 9);
        here.Remove(First);

        purge.Look(broker);

        Assert.Equal(["again-1 before 9"], broker.Deleted);
    }

    [Fact]
    public void What_could_not_be_deleted_is_deleted_the_next_time()
    {
        broker.Offsets[First] = 7;
        broker.Failure = new LogException("away", LogFailure.RetryCall, "Test");
        Assert.Throws<LogException>(() => purge.Look(broker));
        broker.Failure = null;

        purge.Look(broker);

        Assert.Equal(["again-0 before 7"], broker.Deleted);
    }

    public void Dispose() => purge.Dispose();

    /// <summary>Answers with offsets, and notes what is deleted; nothing else is asked.</summary>
    private sealed class Asked : ILogAdmin
    {
        public Dictionary<TopicPartition, long> Offsets { get; } = [];

        public List<string> Deleted { get; } = [];

        public LogException? Failure { get; set; }

        public IReadOnlyDictionary<TopicPartition, long> Committed(IReadOnlyCollection<TopicPartition> partitions) =>
            Offsets.Where(o => partitions.Contains(o.Key)).ToDictionary();

        public void DeleteRecords(IReadOnlyDictionary<TopicPartition, long> before)
        {
            if (Failure is not null)
            {
                throw Failure;
            }
            Deleted.Add(string.Join(
                ", ", before.OrderBy(b => b.Key.Partition).Select(b => $"{b.Key} before {b.Value}")));
        }

        public IReadOnlyDictionary<TopicPartition, long> Ends(IReadOnlyCollection<TopicPartition> partitions) =>
            throw new NotSupportedException();

        public long Beginning(TopicPartition partition) => throw new NotSupportedException();

        public IReadOnlyDictionary<TopicPartition, long> Beginnings(IReadOnlyCollection<TopicPartition> partitions) =>
            throw new NotSupportedException();

        public IReadOnlyList<GroupMember> Members() => throw new NotSupportedException();

        public long? TimestampAt(TopicPartition partition, long offset) => throw new NotSupportedException();

        public OpenTransaction? OldestTransaction(TopicPartition partition, long offset) =>
            throw new NotSupportedException();

        public IReadOnlyDictionary<string, TopicDescription> DescribeTopics(IReadOnlyCollection<string> topics) =>
            throw new NotSupportedException();

        public void CreateTopics(IReadOnlyCollection<NewTopic> topics) => throw new NotSupportedException();

        public LogBounds Bounds(TopicPartition partition) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
