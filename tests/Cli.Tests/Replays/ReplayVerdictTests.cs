using Alloc.Cli.Commands.Topics;
using Alloc.Schemas.Catalogue;

namespace Cli.Tests.Replays;

/// <summary>What may be replayed into: every topic of the catalogue, and what is not in it.</summary>
public sealed class ReplayVerdictTests
{
    private const string Source = "a-source";

    /// <summary>Topics whose readers act on what they read; a replay into them is acknowledged.</summary>
    private static readonly string[] Asked =
    [
        "allocation.commands", "workflow.stages", "supply.stock", "warehouse.movements", "supply.requests",
        "orders.status", "payments.status", "effects.receipts", "effects.redeliveries",
    ];

    public static TheoryData<string, string> Catalogue()
    {
        var data = new TheoryData<string, string>();
        foreach (var topic in TopicCatalogue.Load().Topics)
        {
            data.Add(topic.Name, "");
            data.Add(topic.Name, "eu.");
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Catalogue))]
    public void A_topic_of_the_catalogue_is_refused_unless_its_readers_only_act(string topic, string prefix)
    {
        var verdict = ReplayVerdict.Of(prefix + Source, prefix + topic, prefix, []);

        Assert.Equal((!Asked.Contains(topic), Asked.Contains(topic)), (verdict.IsRefused, verdict.Asks));
        Assert.Contains(prefix + topic, verdict.Why, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Catalogue))]
    public void Another_deployments_topic_is_kept_as_ones_own(string topic, string own)
    {
        var prefix = own.Length == 0 ? "us-" : "";

        var there = ReplayVerdict.Of(Source, prefix + topic, own, [prefix + "allocation.commands"]);
        var nobodys = ReplayVerdict.Of(Source, "scratch." + topic, own, [prefix + "allocation.commands"]);

        Assert.Equal(
            (prefix.Length > 0 && !Asked.Contains(topic), prefix.Length > 0 && Asked.Contains(topic)),
            (there.IsRefused && prefix.Length > 0, there.Asks));
        Assert.Equal(topic.EndsWith(".dlq", StringComparison.Ordinal), nobodys.IsRefused);
        Assert.False(nobodys.Asks);
    }

    [Theory]
    [InlineData("a-store-changelog", true)]
    [InlineData("by-stage-repartition", true)]
    [InlineData("__consumer_offsets", true)]
    [InlineData("__transaction_state", true)]
    [InlineData("somebodys.dlq", true)]
    [InlineData(Source, true)]
    [InlineData("scratch", false)]
    [InlineData("changelog", false)]
    [InlineData("payments.receipts", false)]
    public void A_topic_that_is_not_in_the_catalogue_is_free_unless_its_name_says_what_it_is(
        string topic, bool isRefused)
    {
        var verdict = ReplayVerdict.Of(Source, topic, "", ["allocation.commands", topic]);

        Assert.Equal((isRefused, false), (verdict.IsRefused, verdict.Asks));
    }
}
