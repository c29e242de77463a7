using System.Text;
using Alloc.Cli.Commands.DeadLetters;
using Alloc.Cli.Output;
using Alloc.Cli.Replays;
using Alloc.Schemas.Catalogue;
using Confluent.Kafka;

namespace Cli.Tests.Replays;

/// <summary>Letters as their headers say them, whoever wrote them.</summary>
public sealed class DeadLetterTests
{
    private static readonly (string, string)[] Origin =
    [
        (LetterHeaders.Topic, "workflow.stages"), (LetterHeaders.Partition, "2"), (LetterHeaders.Offset, "7"),
    ];

    [Theory]
    [InlineData("unreadable", "Some.BadRecordException", "unreadable")]
    [InlineData(null, "Some.BadRecordException", "BadRecordException")]
    [InlineData(null, "Bare", "Bare")]
    [InlineData(null, null, "unexplained")]
    public void The_kind_is_the_word_of_metrics_and_else_the_failures_name(
        string? kind, string? exception, string shown)
    {
        var headers = new List<(string, string)>();
        if (kind is not null)
        {
            headers.Add((LetterHeaders.Kind, kind));
        }
        if (exception is not null)
        {
            headers.Add((LetterHeaders.Exception, exception));
        }

        Assert.Equal(shown, Letter([.. headers]).Kind);
    }

    [Theory]
    [InlineData(LetterHeaders.Partition, "x")]
    [InlineData(LetterHeaders.Partition, "-1")]
    [InlineData(LetterHeaders.Partition, "99999999999")]
    [InlineData(LetterHeaders.Offset, "")]
    [InlineData(LetterHeaders.Topic, "")]
    public void An_origin_that_makes_no_sense_is_none(string header, string text)
    {
        Assert.Equal(new RecordPosition("workflow.stages", 2, 7), Letter(Origin).Origin);

        Assert.Null(Letter([.. Origin, (header, text)]).Origin);
    }

    [Theory]
    [InlineData("workflow.stages", 2, "workflow.stages", null)]
    [InlineData("workflow.stages", 4, "workflow.stages", "has no partition 4")]
    [InlineData("workflow.stages", 0, "allocation.by-order", "only workflow.stages is written")]
    [InlineData("reconciliation.commands", 0, "reconciliation.commands", "takes no replays")]
    public void A_letter_goes_back_only_to_the_input_that_its_topic_belongs_to(
        string input, int partition, string origin, string? refusal)
    {
        var topic = new LetterTopic($"{input}.dlq", TopicCatalogue.Load()[input], 4, 4);

        var why = topic.Refusal(Letter(
            (LetterHeaders.Topic, origin), (LetterHeaders.Partition, $"{partition}"), (LetterHeaders.Offset, "7")));

        Assert.Equal(refusal is null, why is null);
        Assert.Contains(refusal ?? "", why ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void A_control_record_is_not_put_in_force_again()
    {
        var topic = new LetterTopic("workflow.stages.dlq", TopicCatalogue.Load()["workflow.stages"], 4, 4);

        var why = topic.Refusal(Letter(Origin) with { Key = "$catalogue"u8.ToArray() });

        Assert.Contains("begins with $", why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_replay_has_the_records_own_headers_and_none_of_the_letters()
    {
        var headers = Headers([.. Origin, ("trace", "t"), (ReplayHeaders.From, "old"), (LetterHeaders.Kind, "x")]);

        var replayed = ReplayHeaders.Of(
            headers, new RecordPosition("a.dlq", 1, 2), "action", LetterHeaders.IsOfLetter);

        Assert.Equal(
            [("trace", "t"), ("alloc-replay", "a.dlq-1@2"), ("alloc-replay-action", "action")],
            replayed.Select(h => (h.Key, Encoding.UTF8.GetString(h.GetValueBytes()))));
    }

    [Fact]
    public void Hex_is_shown_around_the_place_that_matters()
    {
        byte[] bytes = [.. Enumerable.Range(0, 200).Select(i => (byte)i)];

        var lines = HexText.Lines(Convert.ToHexString(bytes), 130).ToList();

        Assert.StartsWith("000060  60 61 62", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("`abcdefghijklmno", lines[0], StringComparison.Ordinal);
        Assert.Empty(HexText.Lines("-", 0));
        Assert.Empty(HexText.Lines("", 0));
    }

    private static DeadLetter Letter(params (string, string)[] headers) => DeadLetter.Of(
        new ConsumeResult<byte[]?, byte[]?>
        {
            Topic = "workflow.stages.dlq",
            Message = new Message<byte[]?, byte[]?> { Headers = Headers(headers) },
        });

    private static Headers Headers(IEnumerable<(string Name, string Text)> texts)
    {
        var headers = new Headers();
        foreach (var (name, text) in texts)
        {
            headers.Add(name, Encoding.UTF8.GetBytes(text));
        }
        return headers;
    }
}
