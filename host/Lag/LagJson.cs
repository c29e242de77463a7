using System.Text.Json.Nodes;

namespace Alloc.Host.Lag;

/// <summary>The watch's report as the HTTP API and the command line show it.</summary>
internal static class LagJson
{
    /// <summary>Everything.</summary>
    /// <param name="report">What was seen.</param>
    /// <param name="nowMs">Now, milliseconds since 1970 UTC.</param>
    public static JsonObject Of(LagReport report, long nowMs) => new()
    {
        ["seenSecondsAgo"] = report.AtMs == 0 ? null : Math.Max(0, nowMs - report.AtMs) / 1000.0,
        ["problem"] = report.Problem,
        ["beyond"] = report.Beyond,
        ["groups"] = new JsonArray([.. report.Groups.Select(g =>
        {
            var group = Of(g, nowMs);
            group["partitions"] = new JsonArray([.. g.Partitions.Select(p => (JsonNode)Of(p, nowMs))]);
            return (JsonNode)group;
        })]),
        ["openTransactions"] = new JsonArray([.. report.Open.Where(o => o.Stands).Select(o => (JsonNode)new JsonObject
        {
            ["topic"] = o.Partition.Topic,
            ["partition"] = o.Partition.Partition,
            ["offset"] = o.Offset,
            ["seconds"] = Math.Max(0, nowMs - o.SinceMs) / 1000.0,
            ["producerId"] = o.Transaction?.ProducerId,
            ["transactionalId"] = o.Transaction?.TransactionalId,
        })]),
    };

    /// <summary>A group without its partitions.</summary>
    public static JsonObject Of(GroupLag group, long nowMs) => new()
    {
        ["group"] = group.Name,
        ["state"] = group.State,
        ["protocol"] = group.Assignor,
        ["members"] = group.MemberCount,
        ["lag"] = group.LagRecords,
        ["ageSeconds"] = group.Age(nowMs)?.TotalSeconds,
        ["status"] = Word(group.Status),
        ["skew"] = group.SkewRatio,
        ["problem"] = group.Problem,
    };

    /// <summary>One partition of a group.</summary>
    public static JsonObject Of(PartitionLag partition, long nowMs) => new()
    {
        ["topic"] = partition.Partition.Topic,
        ["partition"] = partition.Partition.Partition,
        ["committed"] = partition.Committed,
        ["end"] = partition.End,
        ["lag"] = partition.LagRecords,
        ["ageSeconds"] = partition.Age(nowMs)?.TotalSeconds,
        ["stalledSeconds"] = partition.Stalled(nowMs).TotalSeconds,
        ["status"] = Word(partition.Status),
        ["client"] = partition.Owner?.ClientId,
        ["host"] = partition.Owner?.Host,
        ["why"] = partition.Why,
    };

    /// <summary>A status as metrics and people have it: <c>ok</c>, <c>stall</c>.</summary>
    public static string Word(ConsumerStatus status) => status switch
    {
        ConsumerStatus.Ok => "ok",
        ConsumerStatus.Unknown => "unknown",
        ConsumerStatus.Warn => "warn",
        ConsumerStatus.Rewind => "rewind",
        ConsumerStatus.Stall => "stall",
        ConsumerStatus.Stop => "stop",
        _ => throw new System.Diagnostics.UnreachableException($"{status} has no word."),
    };
}
