using System.Text.RegularExpressions;
using Alloc.Broker.Apis;
using Alloc.Broker.Protocol;

namespace Broker.Tests.Twins;

/// <summary>
/// The same request to this broker and to Apache Kafka, in every version that both serve: equal answers, field by
/// field, but for what <see cref="TwinDifferences"/> lists with its reason.
/// </summary>
public sealed class TwinTests(TwinBrokers brokers) : IClassFixture<TwinBrokers>
{
    public static TheoryData<string, short> EveryCaseAndVersion()
    {
        var rows = new TheoryData<string, short>();
        foreach (var twinCase in TwinCases.All)
        {
            var entry = ApiTable.Find((short)twinCase.Key)!;
            for (var version = Least(entry); version <= entry.MaxVersion; version++)
            {
                rows.Add($"{twinCase.Key}: {twinCase.Name}", version);
            }
        }
        return rows;
    }

    [Theory]
    [MemberData(nameof(EveryCaseAndVersion))]
    public async Task Answers_are_those_of_Apache_Kafka(string name, short version)
    {
        TwinBrokers.SkipUnlessPresent();
        var twinCase = TwinCases.All.Single(c => $"{c.Key}: {c.Name}" == name);

        var (ours, kafkas) = await brokers.AskAsync(twinCase.Key, version, _ => twinCase.Values(version));

        AssertAlike(twinCase.Key, version, ours, kafkas);
    }

    [Theory]
    [MemberData(nameof(EveryVersionOf), (short)11)]
    public async Task A_member_joins_syncs_beats_and_leaves_alike(short version)
    {
        TwinBrokers.SkipUnlessPresent();
        var group = $"members-{version}";
        object?[] Join(Twin twin) => [
            group, 10_000, 10_000, twin.Remembered.GetValueOrDefault(group, ""), null, "consumer",
            new object?[] { new object?[] { "range", new byte[] { 1, 2 } } }];
        foreach (var twin in new[] { brokers.Ours, brokers.Kafka })
        {
            // From version 4 on a new member is sent away once, with an id (KIP-394).
            var first = await twin.AskAsync(ApiKey.JoinGroup, version, Join(twin));
            twin.Remembered[group] = first.Single(l => l.Path == "member").Value.Trim('\'');
        }
        object?[] Sync(Twin twin) => [
            group, 1, twin.Remembered[group], null, "consumer", "range",
            new object?[] { new object?[] { twin.Remembered[group], new byte[] { 3 } } }];
        object?[] Beat(Twin twin, int generation) => [group, generation, twin.Remembered[group], null];

        if (version >= 4)
        {
            await AskAlikeAsync(ApiKey.JoinGroup, version, Join);
        }
        await AskAlikeAsync(ApiKey.SyncGroup, Math.Min(version, (short)5), Sync);
        await AskAlikeAsync(ApiKey.Heartbeat, Math.Min(version, (short)4), twin => Beat(twin, 1));
        await AskAlikeAsync(ApiKey.Heartbeat, Math.Min(version, (short)4), twin => Beat(twin, 7));
        await AskAlikeAsync(
            ApiKey.DescribeGroups, Math.Min(version, (short)5), _ => [new object?[] { group }, true]);
        await AskAlikeAsync(ApiKey.LeaveGroup, Math.Min(version, (short)4), twin => [
            group, twin.Remembered[group], new object?[] { new object?[] { twin.Remembered[group], null } }]);
        await AskAlikeAsync(
            ApiKey.DescribeGroups, Math.Min(version, (short)5), _ => [new object?[] { group }, false]);
        await AskAlikeAsync(ApiKey.DeleteGroups, Math.Min(version, (short)2), _ => [new object?[] { group }]);
    }

    [Theory]
    [MemberData(nameof(EveryVersionOf), (short)19)]
    public async Task Topics_are_made_grown_and_removed_alike(short version)
    {
        TwinBrokers.SkipUnlessPresent();
        var name = $"made.by-{version}";
        await brokers.CreateTopicAsync(name, 1);

        // One that differs by point and underscore only.
        await AskAlikeAsync(ApiKey.CreateTopics, version, _ => [
            new object?[]
            {
                new object?[] { $"made_by-{version}", 1, 1, Array.Empty<object>(), Array.Empty<object>() },
            },
            30_000, false]);
        await AskAlikeAsync(ApiKey.CreatePartitions, Math.Min(version, (short)3), _ => [
            new object?[] { new object?[] { name, 3, null } }, 30_000, false]);
        await AskAlikeAsync(ApiKey.DeleteTopics, version, _ => [new object?[] { name }, 30_000]);
    }

    [Theory]
    [InlineData(ApiKey.Metadata, 99)]
    [InlineData(ApiKey.Fetch, 2)]
    [InlineData(ApiKey.OffsetCommit, 1)]
    [InlineData(ApiKey.ListOffsets, 0)]
    [InlineData((ApiKey)999, 0)]
    public async Task What_is_not_served_closes_the_connection_in_both(object key, short version)
    {
        TwinBrokers.SkipUnlessPresent();
        foreach (var twin in new[] { brokers.Ours, brokers.Kafka })
        {
            await using var wire = await WireClient.ConnectAsync(twin.Port);
            await wire.SendAsync((ApiKey)key, version, w => w.WriteInt32(0));
            Assert.Null(await wire.ReceiveFrameAsync());
        }
    }

    public static TheoryData<short> EveryVersionOf(short key)
    {
        var entry = ApiTable.Find(key)!;
        return [.. Enumerable.Range(Least(entry), entry.MaxVersion - Least(entry) + 1).Select(v => (short)v)];
    }

    /// <summary>The lowest version that both serve: Apache Kafka 4 gave up some that we have (KIP-896).</summary>
    private static short Least(ApiEntry entry) => entry.Key switch
    {
        ApiKey.Produce => 3,
        ApiKey.CreateTopics => 2,
        ApiKey.DeleteTopics or ApiKey.DescribeConfigs => 1,
        _ => entry.MinVersion,
    };

    private async Task AskAlikeAsync(ApiKey key, short version, Func<Twin, object?[]> values)
    {
        var (ours, kafkas) = await brokers.AskAsync(key, version, values);
        AssertAlike(key, version, ours, kafkas);
    }

    internal static void AssertAlike(
        ApiKey key, short version, List<(string Path, string Value)> ours, List<(string Path, string Value)> kafkas)
    {
        var ourValues = ours.ToDictionary(l => l.Path, l => l.Value);
        var kafkaValues = kafkas.ToDictionary(l => l.Path, l => l.Value);
        var differences = ourValues.Keys.Union(kafkaValues.Keys)
            .Where(path => ourValues.GetValueOrDefault(path) != kafkaValues.GetValueOrDefault(path))
            .Where(path => !TwinDifferences.IsListed(key, path, ourValues.GetValueOrDefault(path)))
            .Select(path => $"{path}: ours {ourValues.GetValueOrDefault(path) ?? "absent"}, "
                + $"Kafka's {kafkaValues.GetValueOrDefault(path) ?? "absent"}")
            .ToList();
        Assert.True(differences.Count == 0, $"{key} v{version}:\n{string.Join('\n', differences)}");
    }
}

/// <summary>Where an answer may differ from Apache Kafka's, and why.</summary>
internal static partial class TwinDifferences
{
    /// <summary>API (any if null), pattern of the field's path, reason.</summary>
    private static readonly (ApiKey? Key, Regex Path, string Reason)[] Listed =
    [
        (null, Port(), "each listens on its own"),
        (null, ClusterId(), "each has its own"),
        (null, Message(), "texts for people; what a client acts on is the code beside them"),
        (ApiKey.CreateTopics, AllSettings(), "which settings there are, and their defaults, are each broker's own"),
        (ApiKey.DescribeConfigs, Settings(), "defaults of settings, and what those are called, are each broker's own"),
        (null, Member(), "each gives its members ids of its own making"),
    ];

    public static bool IsListed(ApiKey key, string path, string? ours) =>
        Listed.Any(l => (l.Key is null || l.Key == key) && l.Path.IsMatch(path)
            && (ours is not null || l.Key is not null));

    [GeneratedRegex(@"(^|\.)port$")]
    private static partial Regex Port();

    [GeneratedRegex(@"^(leader|member)$|\.member$")]
    private static partial Regex Member();

    [GeneratedRegex(@"\.configs(\[.*)?$")]
    private static partial Regex AllSettings();

    [GeneratedRegex(@"\.configs\[.*\.(value|source|default|synonyms.*)$")]
    private static partial Regex Settings();

    [GeneratedRegex("^clusterId$")]
    private static partial Regex ClusterId();

    [GeneratedRegex(@"(^|\.)message$")]
    private static partial Regex Message();
}
