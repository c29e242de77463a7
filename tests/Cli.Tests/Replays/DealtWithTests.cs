using Alloc.Cli.Commands.DeadLetters;
using Alloc.Cli.Replays;
using Alloc.Schemas.Operations;

namespace Cli.Tests.Replays;

/// <summary>What the audit says of letters, and what is read out of it again.</summary>
public sealed class DealtWithTests
{
    private const string Letters = "a.dlq", Input = "a";

    [Fact]
    public void Letters_that_follow_one_another_are_one_range()
    {
        var positions = DealtWith.Positions([At(1, 7), At(0, 3), At(0, 4), At(0, 6), At(1, 8)]);

        Assert.Equal(
            [(0, 3, 4), (0, 6, 6), (1, 7, 8)],
            positions.Select(p => (p.Partition, (int)p.FromOffset, (int)p.ToOffset)));
    }

    [Theory]
    [InlineData(0, 2, false)]
    [InlineData(0, 3, true)]
    [InlineData(0, 4, true)]
    [InlineData(0, 5, false)]
    [InlineData(0, 6, true)]
    [InlineData(1, 3, false)]
    [InlineData(1, 8, true)]
    [InlineData(1, 9, false)]
    public void A_letter_is_dealt_with_when_an_action_names_its_place(int partition, long offset, bool isDone)
    {
        var done = new DealtWith([Action([At(0, 6), At(1, 8)], ""), Action([At(0, 3), At(0, 4)], "")]);

        Assert.Equal(isDone, done.With(At(partition, offset)) is not null);
        Assert.Null(done.With(new RecordPosition("b.dlq", partition, offset)));
    }

    [Fact]
    public void Other_actions_on_the_topic_are_no_word_on_its_letters()
    {
        var done = new DealtWith([Action([At(0, 3)], "") with { Kind = OperatorActionKind.ReplayStarted }]);

        Assert.Null(done.With(At(0, 3)));
    }

    [Fact]
    public void A_letter_that_died_again_is_known_by_where_its_replay_stood()
    {
        var letters = new[] { At(1, 8), At(0, 3) };
        var detail = DealtWith.Detail("rate 5/s", letters, new Dictionary<RecordPosition, RecordPosition>
        {
            [At(0, 3)] = new(Input, 0, 70),
            [At(1, 8)] = new(Input, 1, 90),
        });

        var done = new DealtWith([Action(letters, detail)]);

        Assert.Equal(At(0, 3), done.SourceOf(new RecordPosition(Input, 0, 70)));
        Assert.Equal(At(1, 8), done.SourceOf(new RecordPosition(Input, 1, 90)));
        Assert.Null(done.SourceOf(new RecordPosition(Input, 0, 71)));
        Assert.Null(done.SourceOf(null));
    }

    [Theory]
    [InlineData("")]
    [InlineData("in words")]
    [InlineData("{broken")]
    [InlineData("{\"written\": 5}")]
    public void Words_of_another_version_hide_only_which_letters_died_again(string detail)
    {
        var done = new DealtWith([Action([At(0, 3)], detail)]);

        Assert.NotNull(done.With(At(0, 3)));
    }

    private static RecordPosition At(int partition, long offset) => new(Letters, partition, offset);

    private static OperatorAction Action(IReadOnlyCollection<RecordPosition> letters, string detail) => new()
    {
        ActionId = "action",
        Kind = OperatorActionKind.DeadLettersReplayed,
        Actor = "ann",
        Reason = "a test",
        AtMs = 0,
        Topic = Letters,
        Target = Input,
        Positions = DealtWith.Positions(letters),
        RecordCount = letters.Count,
        Detail = detail,
    };
}
