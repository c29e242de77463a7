using Alloc.Broker.Protocol;

namespace Broker.Tests.Twins;

/// <summary>A request that both brokers get in every version.</summary>
/// <param name="Name">What is asked, in words.</param>
/// <param name="Key">The API.</param>
/// <param name="Values">Values of all of the request's fields, for a version.</param>
internal sealed record TwinCase(string Name, ApiKey Key, Func<short, object?[]> Values);

/// <summary>
/// Requests whose answers do not depend on one another. Names that are to be new have the version in them.
/// </summary>
internal static class TwinCases
{
    private static readonly object?[] None = [];

    public static IReadOnlyList<TwinCase> All { get; } =
    [
        new("a topic", ApiKey.Metadata, _ => [Rows(Row("twin")), true, true, true]),
        new("topics that are not there", ApiKey.Metadata, _ => [Rows(Row("nope"), Row("a/b")), false, false, false]),
        new("no topic", ApiKey.Metadata, v => [v == 0 ? Rows(Row("twin")) : None, false, true, true]),
        new("a group", ApiKey.FindCoordinator, _ => ["twins", 0]),
        new("a transactional id", ApiKey.FindCoordinator, v => ["twin-tx", v >= 1 ? 1 : 0]),
        new("the end", ApiKey.ListOffsets, _ => [-1, 0, Parts("twin", [0, -1, -1L], [1, -1, -1L])]),
        new("the start", ApiKey.ListOffsets, _ => [-1, 1, Parts("twin", [0, -1, -2L], [1, 0, -2L])]),
        new("a time", ApiKey.ListOffsets, _ => [-1, 0, Parts("twin", [0, -1, 1_500L])]),
        new("the records' time", ApiKey.ListOffsets, _ => [-1, 0, Parts("twin", [0, -1, TwinBrokers.Now])]),
        new("after all", ApiKey.ListOffsets, _ => [-1, 0, Parts("twin", [0, -1, TwinBrokers.Now + 1], [1, -1, 0L])]),
        new("a partition twice", ApiKey.ListOffsets, _ => [-1, 0, Parts("twin", [0, -1, -1L], [0, -1, -2L])]),
        new("no such partition", ApiKey.ListOffsets, _ => [-1, 0, Parts("twin", [9, -1, -1L])]),
        new("no such topic", ApiKey.ListOffsets, _ => [-1, 0, Parts("nope", [0, -1, -1L])]),
        new("a later epoch", ApiKey.ListOffsets, _ => [-1, 0, Parts("twin", [0, 7, -1L])]),
        new("an epoch", ApiKey.OffsetForLeaderEpoch, _ => [-1, Parts("twin", [0, 0, 0], [0, 0, 5], [1, -1, 0])]),
        new("an unknown epoch", ApiKey.OffsetForLeaderEpoch, _ => [-1, Parts("twin", [0, 9, 0], [9, -1, 0])]),
        new("records", ApiKey.Fetch, _ => Fetch(Parts("twin", [0, -1, 0L, -1L, 100_000]))),
        new("the end's records", ApiKey.Fetch, _ => Fetch(Parts("twin", [0, -1, 3L, -1L, 100_000]))),
        new("past the end", ApiKey.Fetch, _ => Fetch(Parts("twin", [0, -1, 4L, -1L, 100_000]))),
        new("records of a topic that is not there", ApiKey.Fetch,
            _ => Fetch(Parts("nope", [0, -1, 0L, -1L, 100_000]))),
        new("records of a later epoch", ApiKey.Fetch, _ => Fetch(Parts("twin", [0, 7, 0L, -1L, 100_000]))),
        new("to a topic that is not there", ApiKey.Produce,
            _ => [null, -1, 1_000, Parts("nope", [0, Batches.Of(1)])]),
        new("acks 2", ApiKey.Produce, _ => [null, 2, 1_000, Parts("twin", [1, Batches.Of(1)])]),
        new("a batch whose checksum is wrong", ApiKey.Produce, _ =>
            [null, -1, 1_000, Parts("twin", [1, Batches.Changed(Batches.Of(1), b => b[^1] ^= 1, seal: false)])]),
        new("commit nothing said", ApiKey.OffsetCommit, _ =>
            ["plain", -1, "", null, -1L, Parts("twin", [0, 2L, -1, null], [1, 1L, 0, "note"])]),
        new("commit as nobody", ApiKey.OffsetCommit, _ => ["plain", 3, "x", null, -1L, Parts("twin", [0, 2L, -1, ""])]),
        new("commit of an empty group", ApiKey.OffsetCommit, _ =>
            ["", -1, "", null, -1L, Parts("twin", [0, 2L, -1, ""])]),
        new("commit of a topic that is not there", ApiKey.OffsetCommit, _ =>
            ["plain", -1, "", null, -1L, Parts("nope", [0, 2L, -1, ""])]),
        new("commit of large metadata", ApiKey.OffsetCommit, _ =>
            ["plain", -1, "", null, -1L, Parts("twin", [0, 2L, -1, new string('m', 5_000)])]),
        new("offsets", ApiKey.OffsetFetch, _ => ["plain", Rows(Row("twin", Row(0, 1, 9))), false]),
        new("all offsets", ApiKey.OffsetFetch, v => ["plain", v < 2 ? Rows(Row("twin", Row(0))) : null, true]),
        new("offsets of an unknown group", ApiKey.OffsetFetch, v =>
            ["none", v < 2 ? Rows(Row("twin", Row(0))) : null, false]),
        new("groups", ApiKey.DescribeGroups, _ => [Row("plain", "none", ""), true]),
        new("groups without operations", ApiKey.DescribeGroups, _ => [Row("plain"), false]),
        new("groups in no state", ApiKey.ListGroups, v => v < 4 ? [None, None] : [Row("Dead"), None]),
        new("groups of a type", ApiKey.ListGroups, v => v < 5 ? [None, None] : [None, Row("classic")]),
        new("delete a group that is not there", ApiKey.DeleteGroups, _ => [Row("none", "")]),
        new("delete offsets of a group that is not there", ApiKey.OffsetDelete, _ => ["none", Parts("twin", [0])]),
        new("beat as nobody", ApiKey.Heartbeat, _ => ["plain", 1, "x", null]),
        new("beat in an unknown group", ApiKey.Heartbeat, _ => ["none", 1, "x", null]),
        new("leave as nobody", ApiKey.LeaveGroup, _ => ["plain", "x", Rows(Row("x", null), Row("", "i"))]),
        new("sync as nobody", ApiKey.SyncGroup, _ => ["plain", 1, "x", null, null, null, None]),
        new("join with an unknown id", ApiKey.JoinGroup, _ => Join("plain", "x", "consumer")),
        new("join an empty group", ApiKey.JoinGroup, _ => Join("", "", "consumer")),
        new("join without protocols", ApiKey.JoinGroup, _ => ["fresh", 10_000, 10_000, "", null, "consumer", None]),
        new("join for a second", ApiKey.JoinGroup, _ =>
            ["fresh", 1, 1_000, "", null, "consumer", Rows(Row("range", new byte[] { 1 }))]),
        new("topics that cannot be made", ApiKey.CreateTopics, _ =>
            [Rows(New("twin"), New("a/b"), New("no-count", 0), New("no-factor", 1, 3),
                New("settings", 1, 1, ("x", "y")),
                New("time", 1, 1, ("retention.ms", "soon")), New("")), 30_000, false]),
        new("a topic that could be made", ApiKey.CreateTopics, v => [Rows(New($"v{v}")), 30_000, v >= 1]),
        new("delete what is not there", ApiKey.DeleteTopics, _ => [Row("nope"), 30_000]),
        new("grow wrongly", ApiKey.CreatePartitions, _ =>
            [Rows(Row("twin", 2, null), Row("nope", 2, null), Row("twin2", 1, null)), 30_000, true]),
        new("delete no records", ApiKey.DeleteRecords, _ =>
            [Parts("twin", [0, 0L], [0, 99L], [9, 1L]), 30_000]),
        new("a producer's id for long", ApiKey.InitProducerId, _ => ["twin-long", int.MaxValue, -1L, -1]),
        new("a producer's id for an empty name", ApiKey.InitProducerId, _ => ["", 1_000, -1L, -1]),
        new("partitions of an unknown transaction", ApiKey.AddPartitionsToTxn, _ =>
            ["unknown", 7L, 0, Rows(Row("twin", Row(0)))]),
        new("offsets of an unknown transaction", ApiKey.AddOffsetsToTxn, _ => ["unknown", 7L, 0, "plain"]),
        new("end an unknown transaction", ApiKey.EndTxn, _ => ["unknown", 7L, 0, true]),
        new("commit in an unknown transaction", ApiKey.TxnOffsetCommit, _ =>
            ["unknown", "plain", 7L, 0, -1, "", null, Parts("twin", [0, 1L, -1, null])]),
        new("access lists", ApiKey.DescribeAcls, _ => [1, null, 1, null, null, 1, 1]),
        new("a new access list", ApiKey.CreateAcls, _ => [Rows(Row(2, "twin", 3, "User:a", "*", 3, 3))]),
        new("an access list's end", ApiKey.DeleteAcls, _ => [Rows(Row(2, "twin", 3, null, null, 1, 1))]),
        new("settings", ApiKey.DescribeConfigs, _ =>
            [Rows(Row(2, "twin", Row("retention.ms", "cleanup.policy", "nothing"))), true, false]),
        new("settings of what is not there", ApiKey.DescribeConfigs, _ =>
            [Rows(Row(2, "nope", null), Row(2, "a/b", null), Row(4, "77", null)), false, false]),
        new("change of what is not there", ApiKey.AlterConfigs, _ =>
            [Rows(Row(2, "nope", Rows(Row("retention.ms", "1")))), true]),
        new("change of what nobody knows", ApiKey.AlterConfigs, _ =>
            [Rows(Row(2, "twin", Rows(Row("no.such", "1")))), true]),
        new("change to what cannot be", ApiKey.AlterConfigs, _ =>
            [Rows(Row(2, "twin", Rows(Row("retention.ms", "soon")))), true]),
        new("one wrong change", ApiKey.IncrementalAlterConfigs, _ =>
            [Rows(Row(2, "twin", Rows(Row("no.such", 0, "1")))), true]),
        new("one right change", ApiKey.IncrementalAlterConfigs, _ =>
            [Rows(Row(2, "twin", Rows(Row("retention.ms", 0, "3600000")))), true]),
        new("the cluster", ApiKey.DescribeCluster, _ => [true]),
        new("the cluster without operations", ApiKey.DescribeCluster, _ => [false]),
        new("producers", ApiKey.DescribeProducers, _ => [Rows(Row("twin", Row(0, 9)), Row("nope", Row(0)))]),
        new("transactions", ApiKey.DescribeTransactions, _ => [Row("twin-tx", "unknown")]),
        new("transactions in a state", ApiKey.ListTransactions, _ => [Row("Ongoing", "Odd"), None, -1L, null]),
    ];

    private static object?[] Row(params object?[] values) => values;

    /// <summary>Several structures; one of them alone would pass for <see cref="Row"/>'s values.</summary>
    private static object?[] Rows(params object?[][] rows) => [.. rows];

    /// <summary>One topic with entries of its partitions.</summary>
    private static object?[] Parts(string topic, params object?[][] parts) =>
        Rows(Row(topic, Rows(parts)));

    private static object?[] Fetch(object?[] topics) => [-1, 0, 1, 1_000_000, 0, 0, -1, topics, None, ""];

    private static object?[] Join(string group, string member, string type) =>
        [group, 10_000, 10_000, member, null, type, Rows(Row("range", new byte[] { 1 }))];

    private static object?[] New(
        string name, int count = 1, short factor = 1, params (string Name, string Value)[] configs) =>
        [name, count, factor, None, Rows([.. configs.Select(c => Row(c.Name, c.Value))])];
}
