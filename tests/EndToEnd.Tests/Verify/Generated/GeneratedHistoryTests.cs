using Alloc.Schemas.Allocation;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Verify.Generated;

/// <summary>
/// The checker accuses nobody falsely: histories of random commands of every kind that the ledger itself decided have
/// no findings. <c>ALLOC_FULL=1</c> makes it ten seeds of 300,000 records.
/// </summary>
public sealed class GeneratedHistoryTests(ITestOutputHelper output)
{
    private const int RareReasons = 4;
    private static readonly int SeedCount = Proof.IsFull ? 10 : 3;
    private static readonly int RecordCount = Proof.IsFull ? 300_000 : 15_000;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, SeedCount)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_history_of_random_commands_has_no_findings(int seed)
    {
        using var history = new GeneratedHistory(seed);

        history.Run(RecordCount, restartCount: 3);

        output.WriteLine(
            $"seed {seed}: {history.Records:N0} records, {history.Counts.Sum(c => c.Outcomes):N0} outcomes, "
            + $"{history.Counts.Sum(c => c.Duplicates):N0} repeats answered");
        history.MustBeSound();
    }

    // A generator that never gets anywhere finds nothing either.
    [Fact]
    public void Histories_reach_every_event_and_answer_and_nearly_every_reason()
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        for (var seed = 101; seed <= 103; seed++)
        {
            using var history = new GeneratedHistory(seed);
            reached.UnionWith(history.Run(30_000, restartCount: 1).Reached);
        }

        string[] all =
        [
            .. typeof(AllocationOutcomeEvent).GetNestedTypes().Select(t => t.Name),
            .. Enum.GetNames<Alloc.Verify.AnswerKind>(),
        ];
        var unsaid = Enum.GetNames<ReasonCode>().Except([nameof(ReasonCode.Unknown)]).Except(reached).ToList();
        output.WriteLine($"reasons that were not given: {string.Join(", ", unsaid)}");
        Assert.Equal("", string.Join(", ", all.Except(reached).Order(StringComparer.Ordinal)));
        Assert.True(unsaid.Count <= RareReasons, string.Join(", ", unsaid));
    }
}
