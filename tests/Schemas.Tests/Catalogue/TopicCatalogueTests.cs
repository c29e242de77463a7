using Alloc.Schemas.Avro;
using Alloc.Schemas.Catalogue;

namespace Schemas.Tests.Catalogue;

public sealed class TopicCatalogueTests
{
    private const string Commands =
        "{\"name\":\"commands\",\"doc\":\"d\",\"context\":\"c\",\"key\":\"k\",\"schema\":\"n.S\"," +
        "\"compatibility\":\"BACKWARD\",\"partitions\":4,\"policy\":\"delete\",\"writers\":[],\"configs\":{}}";

    [Fact]
    public void The_products_catalogue_is_read()
    {
        var catalogue = TopicCatalogue.Load();

        var commands = catalogue["allocation.commands"];
        var outcomes = catalogue["allocation.outcomes"];
        Assert.Equal("LogAppendTime", commands.Configs["message.timestamp.type"]);
        Assert.Equal("allocation.commands-value", commands.Subject);
        Assert.Equal(commands.PartitionCount, outcomes.PartitionCount);
        Assert.Equal(("-1", "-1"), (outcomes.Configs["retention.ms"], outcomes.Configs["retention.bytes"]));
        Assert.Equal("compact", catalogue["allocation.availability"].Configs["cleanup.policy"]);
        Assert.Equal("allocation.commands.dlq", commands.DeadLetterTopic);
    }

    [Fact]
    public void A_prefix_moves_all_names_together()
    {
        var catalogue = TopicCatalogue.Load().WithPrefix("test.");

        Assert.Equal(TopicCatalogue.Load().Topics.Select(t => $"test.{t.Name}"), catalogue.Topics.Select(t => t.Name));
        Assert.Equal("test.allocation.commands.dlq", catalogue["test.allocation.commands"].DeadLetterTopic);
        Assert.Equal("test.allocation.commands", catalogue["test.allocation.outcomes"].PartitionsOf);
        Assert.Throws<ArgumentException>(() => TopicCatalogue.Load().WithPrefix("a/b"));
    }

    [Fact]
    public void Topics_that_share_partitions_change_together()
    {
        var catalogue = TopicCatalogue.Load().WithPartitionCount("allocation.outcomes", 16);

        Assert.Equal(16, catalogue["allocation.commands"].PartitionCount);
        Assert.Equal(16, catalogue["allocation.outcomes"].PartitionCount);
        Assert.Throws<ArgumentOutOfRangeException>(() => catalogue.WithPartitionCount("allocation.commands", 0));
        Assert.Throws<KeyNotFoundException>(() => catalogue.WithPartitionCount("nope", 1));
    }

    [Theory]
    [InlineData("\"commands\",", "\"../x\",", "is not a name of a topic")]
    [InlineData("\"delete\"", "\"forever\"", "delete or compact")]
    [InlineData("\"partitions\":4", "\"partitions\":0", "from 1 to 10000")]
    [InlineData("\"partitions\":4", "\"partitionsOf\":\"nope\"", "not a topic with a number of partitions")]
    [InlineData("\"partitions\":4", "\"partitions\":4,\"partitionsOf\":\"x\"", "either")]
    [InlineData("\"BACKWARD\"", "\"SIDEWARD\"", "compatibility level")]
    [InlineData("\"schema\":\"n.S\",", "", "come together")]
    [InlineData("\"configs\":{}", "\"configs\":{\"cleanup.policy\":\"compact\"}", "given as \"policy\"")]
    [InlineData("\"configs\":{}", "\"configs\":{},\"deadLetter\":\"nope\"", "is not in the catalogue")]
    [InlineData("\"configs\":{}", "\"configs\":{},\"colour\":1", "\"colour\" is not known")]
    [InlineData("\"writers\":[],", "", "\"writers\" is missing")]
    public void A_catalogue_that_makes_no_sense_is_refused(string part, string replacement, string reason)
    {
        var text = "{\"topics\":[" + Commands.Replace(part, replacement, StringComparison.Ordinal) + "]}";

        var error = Assert.Throws<AvroSchemaException>(() => TopicCatalogue.Parse(text, "topics.json"));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal("topics.json", error.SchemaSource);
    }

    [Fact]
    public void Names_that_metrics_cannot_tell_apart_are_refused()
    {
        var dotted = Commands.Replace("commands", "a.b", StringComparison.Ordinal);
        var underscored = Commands.Replace("commands", "a_b", StringComparison.Ordinal);
        var text = $"{{\"topics\":[{dotted},{underscored}]}}";

        Assert.Throws<AvroSchemaException>(() => TopicCatalogue.Parse(text));
    }
}
