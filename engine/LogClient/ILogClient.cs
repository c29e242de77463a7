namespace Alloc.Engine.LogClient;

/// <summary>
/// The seam to the log: makes consumers, producers and an admin. The engine's own implementation stands on
/// Confluent.Kafka; a simulation gives another, on one thread.
/// </summary>
public interface ILogClient
{
    /// <summary>A consumer of the application's group, read committed.</summary>
    ILogConsumer CreateGroupConsumer(GroupConsumerOptions options);

    /// <summary>A consumer without a group, read committed, for restoring.</summary>
    ILogConsumer CreateRestoreConsumer(string clientId);

    /// <summary>A transactional producer; call <see cref="ILogProducer.StartInit"/> first.</summary>
    ILogProducer CreateTransactionalProducer(string transactionalId, string clientId);

    /// <summary>An idempotent producer outside any transaction, for ticks and for reading the broker's clock.</summary>
    ILogAppender CreateAppender(string clientId);

    /// <summary>Topics, offsets and a group: the application's own where none is named.</summary>
    ILogAdmin CreateAdmin(string clientId, string? group = null);
}

/// <summary>Who a group consumer is.</summary>
/// <param name="ClientId">Carries the instance's endpoint.</param>
/// <param name="GroupInstanceId">Static membership (KIP-345), unique for each thread.</param>
/// <param name="ReadHeaders">Whether record headers are wanted.</param>
public sealed record GroupConsumerOptions(string ClientId, string GroupInstanceId, bool ReadHeaders);

/// <summary>
/// Told of rebalances during <see cref="ILogConsumer.Poll"/>. A handler never throws and never assigns.
/// </summary>
public interface IRebalanceListener
{
    /// <summary>
    /// The partitions are this member's; nothing is fetched before <see cref="ILogConsumer.Assign"/>.
    /// </summary>
    /// <param name="partitions">All partitions of the member.</param>
    /// <param name="metadata">The membership to commit with; null when the client gave no member id.</param>
    void OnAssigned(IReadOnlyList<TopicPartition> partitions, LogGroupMetadata? metadata);

    /// <summary>The partitions are about to go to others: the last chance to commit.</summary>
    void OnRevoked(IReadOnlyList<TopicPartition> partitions);

    /// <summary>The partitions have gone already: nothing may be committed any more.</summary>
    void OnLost(IReadOnlyList<TopicPartition> partitions);
}

/// <summary>Reads the log. Used by one thread. Every call may throw <see cref="LogException"/>.</summary>
public interface ILogConsumer : IDisposable
{
    /// <summary>Joins the group for these topics.</summary>
    void Subscribe(IReadOnlyCollection<string> topics, IRebalanceListener listener);

    /// <summary>Leaves the topics, to join anew.</summary>
    void Unsubscribe();

    /// <summary>Waits up to the time for one record or end of a partition; runs the listener.</summary>
    void Poll(TimeSpan timeout, out PollResult result);

    /// <summary>Reads exactly these partitions, from these offsets.</summary>
    void Assign(IReadOnlyCollection<TopicPartitionOffset> partitions);

    /// <summary>Stops fetching assigned partitions; always paired with <see cref="Resume"/>.</summary>
    void Pause(IReadOnlyCollection<TopicPartition> partitions);

    /// <summary>Goes on fetching paused partitions.</summary>
    void Resume(IReadOnlyCollection<TopicPartition> partitions);

    /// <summary>
    /// The end of an assigned partition as the last fetch saw it; −1 where that is unknown. Asks nobody.
    /// </summary>
    long EndOffset(TopicPartition partition);

    /// <summary>
    /// The group's committed offsets, waiting for pending transactions (KIP-447's require-stable); absent where there
    /// is none.
    /// </summary>
    IReadOnlyDictionary<TopicPartition, long> Committed(
        IReadOnlyCollection<TopicPartition> partitions, TimeSpan timeout);

    /// <summary>Leaves in peace: a static member keeps its place until its session ends.</summary>
    void Close();
}

/// <summary>
/// Writes transactions. Blocking calls run behind it; the caller starts them and asks. Used by one thread.
/// </summary>
public interface ILogProducer : IDisposable
{
    /// <summary>The transactional id.</summary>
    string TransactionalId { get; }

    /// <summary>Fences older producers of the id and ends their transactions (InitTransactions).</summary>
    LogOperation StartInit();

    /// <summary>Begins a transaction.</summary>
    void Begin();

    /// <summary>Sends a record of the transaction; waits where the local queue is full.</summary>
    /// <param name="record">What to send.</param>
    /// <param name="handler">Told on another thread; null for most records.</param>
    void Send(in OutgoingRecord record, DeliveryHandler? handler);

    /// <summary>
    /// Commits, on a thread of its own: sends what is left to send, awaits every delivery, sends the offsets once the
    /// operation before has sent its own, ends the transaction once the one before is committed.
    /// </summary>
    CommitOperation StartCommit(CommitRequest request);
}

/// <summary>What a transaction commits.</summary>
/// <param name="Offsets">The offsets of the next input records; never empty.</param>
/// <param name="Group">The membership.</param>
/// <param name="Predecessor">The commit before this one of the same thread, if it is still on its way.</param>
public sealed record CommitRequest(
    IReadOnlyCollection<TopicPartitionOffset> Offsets, LogGroupMetadata Group, CommitOperation? Predecessor)
{
    /// <summary>
    /// Sends the records that are left; called once, before deliveries are awaited, while nobody else sends. What it
    /// throws fails the commit. Null where there are none.
    /// </summary>
    public Action? SendRest { get; init; }
}

/// <summary>Appends single records outside any transaction.</summary>
public interface ILogAppender : IDisposable
{
    /// <summary>Appends; the handler is told on another thread. A full queue counts as a failure.</summary>
    void Append(in OutgoingRecord record, DeliveryHandler handler);
}

/// <summary>A topic as the broker describes it.</summary>
/// <param name="PartitionCount">Partitions.</param>
/// <param name="CleanupPolicy"><c>cleanup.policy</c>.</param>
/// <param name="TimestampType"><c>message.timestamp.type</c>.</param>
public sealed record TopicDescription(string Name, int PartitionCount, string CleanupPolicy, string TimestampType);

/// <summary>A topic to create.</summary>
/// <param name="ReplicationFactor">Replicas; −1 takes the broker's default.</param>
public sealed record NewTopic(
    string Name, int PartitionCount, short ReplicationFactor, IReadOnlyDictionary<string, string> Configuration);

/// <summary>A member of a consumer group.</summary>
/// <param name="ClientId">The member's client id; the engine's carry the endpoint.</param>
/// <param name="Partitions">What is assigned to it.</param>
public sealed record GroupMember(string MemberId, string ClientId, IReadOnlyList<TopicPartition> Partitions);

/// <summary>
/// Topics, offsets and the application's group. Every call blocks, may be used from any thread, and may throw
/// <see cref="LogException"/>.
/// </summary>
public interface ILogAdmin : ILogWatch, IDisposable
{
    /// <summary>Describes the topics that exist among these.</summary>
    IReadOnlyDictionary<string, TopicDescription> DescribeTopics(IReadOnlyCollection<string> topics);

    /// <summary>Creates topics; one that exists is left as it is.</summary>
    void CreateTopics(IReadOnlyCollection<NewTopic> topics);

    /// <summary>The bounds of a partition, read uncommitted: the end is the high watermark.</summary>
    LogBounds Bounds(TopicPartition partition);

    /// <summary>Deletes the records before an offset, for good; by partition.</summary>
    void DeleteRecords(IReadOnlyDictionary<TopicPartition, long> before);
}
