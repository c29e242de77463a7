using Alloc.Broker.Protocol;

namespace Alloc.Broker.Apis;

/// <summary>One API with the versions in which it is served.</summary>
/// <param name="Key">The API.</param>
/// <param name="MinVersion">Lowest version that is advertised and served.</param>
/// <param name="MaxVersion">Highest version that is advertised and served.</param>
/// <param name="FlexibleFrom">First version with compact encodings (KIP-482), whether served or not.</param>
/// <param name="Api">Reads and handles its requests.</param>
internal sealed record ApiEntry(ApiKey Key, short MinVersion, short MaxVersion, short FlexibleFrom, Api Api)
{
    /// <summary>Whether a version is served.</summary>
    public bool Serves(short version) => version >= MinVersion && version <= MaxVersion;

    /// <summary>Whether a version's body, and its request header, has compact encodings.</summary>
    public bool IsFlexible(short version) => version >= FlexibleFrom;

    /// <summary>Whether an answer's header ends in tagged fields. ApiVersions' never does: who asks may know no
    /// better.</summary>
    public bool HasFlexibleResponseHeader(short version) => IsFlexible(version) && Key != ApiKey.ApiVersions;
}

/// <summary>
/// Every API that this broker serves, once, with its versions. ApiVersions answers from the same list; any other key or
/// version closes the connection.
/// </summary>
/// <remarks>
/// The windows suit librdkafka 2.0, kafka-python 2.0, kafkajs 2.2, franz-go and Java clients 3.9 and 4.x, and reach up
/// to those of Kafka 2.6, for clients that are told which release they speak to and do not ask. Produce's minimum is
/// advertised as 0 because librdkafka drops compression in silence otherwise; 0 to 2, which carry older batch formats,
/// are refused when asked.
/// </remarks>
internal static class ApiTable
{
    private static readonly ApiEntry?[] ByKey = Build();

    /// <summary>The APIs by rising key.</summary>
    public static IReadOnlyList<ApiEntry> All { get; } = [.. ByKey.OfType<ApiEntry>()];

    /// <summary>The entry of a key, or null if it is not served.</summary>
    public static ApiEntry? Find(short key) => key >= 0 && key < ByKey.Length ? ByKey[key] : null;

    private static ApiEntry?[] Build()
    {
        ApiEntry[] entries =
        [
            new(ApiKey.Produce, 0, 8, 9, new ProduceApi()),
            new(ApiKey.Fetch, 4, 11, 12, new FetchApi()),
            new(ApiKey.ListOffsets, 1, 7, 6, new ListOffsetsApi()),
            new(ApiKey.Metadata, 0, 9, 9, new MetadataApi()),
            new(ApiKey.OffsetCommit, 2, 8, 8, new OffsetCommitApi()),
            new(ApiKey.OffsetFetch, 1, 7, 6, new OffsetFetchApi()),
            new(ApiKey.FindCoordinator, 0, 3, 3, new FindCoordinatorApi()),
            new(ApiKey.JoinGroup, 0, 7, 6, new JoinGroupApi()),
            new(ApiKey.Heartbeat, 0, 4, 4, new HeartbeatApi()),
            new(ApiKey.LeaveGroup, 0, 4, 4, new LeaveGroupApi()),
            new(ApiKey.SyncGroup, 0, 5, 4, new SyncGroupApi()),
            new(ApiKey.DescribeGroups, 0, 5, 5, new DescribeGroupsApi()),
            new(ApiKey.ListGroups, 0, 5, 3, new ListGroupsApi()),
            new(ApiKey.SaslHandshake, 0, 1, short.MaxValue, new SaslHandshakeApi()),
            new(ApiKey.ApiVersions, 0, 4, 3, new ApiVersionsApi()),
            new(ApiKey.CreateTopics, 0, 5, 5, new CreateTopicsApi()),
            new(ApiKey.DeleteTopics, 0, 5, 4, new DeleteTopicsApi()),
            new(ApiKey.DeleteRecords, 0, 2, 2, new DeleteRecordsApi()),
            new(ApiKey.InitProducerId, 0, 4, 2, new InitProducerIdApi()),
            new(ApiKey.OffsetForLeaderEpoch, 2, 3, 4, new OffsetForLeaderEpochApi()),
            new(ApiKey.AddPartitionsToTxn, 0, 2, 3, new AddPartitionsToTxnApi()),
            new(ApiKey.AddOffsetsToTxn, 0, 2, 3, new AddOffsetsToTxnApi()),
            new(ApiKey.EndTxn, 0, 2, 3, new EndTxnApi()),
            new(ApiKey.WriteTxnMarkers, 1, 1, 1, new WriteTxnMarkersApi()),
            new(ApiKey.TxnOffsetCommit, 0, 3, 3, new TxnOffsetCommitApi()),
            new(ApiKey.DescribeAcls, 1, 3, 2, new DescribeAclsApi()),
            new(ApiKey.CreateAcls, 1, 3, 2, new CreateAclsApi()),
            new(ApiKey.DeleteAcls, 1, 3, 2, new DeleteAclsApi()),
            new(ApiKey.DescribeConfigs, 0, 4, 4, new DescribeConfigsApi()),
            new(ApiKey.AlterConfigs, 0, 2, 2, new AlterConfigsApi()),
            new(ApiKey.SaslAuthenticate, 0, 2, 2, new SaslAuthenticateApi()),
            new(ApiKey.CreatePartitions, 0, 3, 2, new CreatePartitionsApi()),
            new(ApiKey.DeleteGroups, 0, 2, 2, new DeleteGroupsApi()),
            new(ApiKey.IncrementalAlterConfigs, 0, 1, 1, new IncrementalAlterConfigsApi()),
            new(ApiKey.OffsetDelete, 0, 0, 1, new OffsetDeleteApi()),
            new(ApiKey.DescribeCluster, 0, 0, 0, new DescribeClusterApi()),
            new(ApiKey.DescribeProducers, 0, 0, 0, new DescribeProducersApi()),
            new(ApiKey.DescribeTransactions, 0, 0, 0, new DescribeTransactionsApi()),
            new(ApiKey.ListTransactions, 0, 2, 0, new ListTransactionsApi()),
        ];
        var byKey = new ApiEntry?[entries.Max(e => (int)e.Key) + 1];
        foreach (var entry in entries)
        {
            byKey[(int)entry.Key] = entry;
        }
        return byKey;
    }
}
