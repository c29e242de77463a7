using Alloc.Engine.LogClient;

namespace Engine.Tests.Support;

/// <summary>
/// A log client that asks for the offsets of other groups as a consumer does that takes over: it waits for transactions
/// that may still move them. For watermarks that is a fault, planted here.
/// </summary>
internal sealed class StableOffsetsLog(ILogClient inner, Func<string, ILogConsumer> openReader) : ILogClient
{
    public ILogConsumer CreateGroupConsumer(GroupConsumerOptions options) => inner.CreateGroupConsumer(options);

    public ILogConsumer CreateRestoreConsumer(string clientId) => inner.CreateRestoreConsumer(clientId);

    public ILogProducer CreateTransactionalProducer(string transactionalId, string clientId) =>
        inner.CreateTransactionalProducer(transactionalId, clientId);

    public ILogAppender CreateAppender(string clientId) => inner.CreateAppender(clientId);

    public ILogAdmin CreateAdmin(string clientId, string? group = null) => group is null
        ? inner.CreateAdmin(clientId)
        : new Admin(inner.CreateAdmin(clientId, group), openReader(group));

    private sealed class Admin(ILogAdmin inner, ILogConsumer reader) : ILogAdmin
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

        public IReadOnlyDictionary<TopicPartition, long> Committed(IReadOnlyCollection<TopicPartition> partitions) =>
            reader.Committed(partitions, Patience);

        public IReadOnlyDictionary<TopicPartition, long> Ends(IReadOnlyCollection<TopicPartition> partitions) =>
            inner.Ends(partitions);

        public long Beginning(TopicPartition partition) => inner.Beginning(partition);

        public IReadOnlyDictionary<TopicPartition, long> Beginnings(IReadOnlyCollection<TopicPartition> partitions) =>
            inner.Beginnings(partitions);

        public IReadOnlyList<GroupMember> Members() => inner.Members();

        public long? TimestampAt(TopicPartition partition, long offset) => inner.TimestampAt(partition, offset);

        public OpenTransaction? OldestTransaction(TopicPartition partition, long offset) =>
            inner.OldestTransaction(partition, offset);

        public IReadOnlyDictionary<string, TopicDescription> DescribeTopics(IReadOnlyCollection<string> topics) =>
            inner.DescribeTopics(topics);

        public void CreateTopics(IReadOnlyCollection<NewTopic> topics) => inner.CreateTopics(topics);

        public LogBounds Bounds(TopicPartition partition) => inner.Bounds(partition);

        public void DeleteRecords(IReadOnlyDictionary<TopicPartition, long> before) => inner.DeleteRecords(before);

        public void Dispose()
        {
            inner.Dispose();
            reader.Dispose();
        }
    }
}
