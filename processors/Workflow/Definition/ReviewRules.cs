namespace Alloc.Processors.Workflow.Definition;

/// <summary>What a score decides where there is no room for a person to decide it.</summary>
public enum ScoreRuling
{
    /// <summary>The order goes on.</summary>
    Accept,

    /// <summary>It is refused: the score says fraud.</summary>
    Reject,

    /// <summary>It is cancelled: nobody could say.</summary>
    Cancel,
}

/// <summary>How many cases people can decide, and what happens beyond that.</summary>
/// <param name="Reviewers">People who decide cases, from 0.</param>
/// <param name="PerCaseMs">How long a case takes one of them, in milliseconds, from 1 second to 1 day.</param>
/// <param name="AcceptBelow">A score below it is accepted, from 0 (none) to 100.</param>
/// <param name="RejectFrom">A score from it on is rejected, from <paramref name="AcceptBelow"/> to 100.</param>
public sealed record ReviewRules(int Reviewers, long PerCaseMs, int AcceptBelow, int RejectFrom)
{
    /// <summary>
    /// How long one more case waits before somebody decides it: cases waiting × time a case ÷ reviewers, in whole
    /// milliseconds. Null: there is nobody.
    /// </summary>
    /// <param name="casesWaiting">Cases that wait already, from 0.</param>
    public long? PredictedWaitMs(long casesWaiting)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(casesWaiting);
        return Reviewers == 0 ? null
            : (long)Int128.Min((Int128)casesWaiting * PerCaseMs / Reviewers, long.MaxValue);
    }

    /// <summary>What a score decides where there is no room for a person to decide it.</summary>
    /// <param name="score">The fraud service's score, from 0 (harmless) to 100; null: it gave none.</param>
    public ScoreRuling Beyond(int? score) => score switch
    {
        { } low when low < AcceptBelow => ScoreRuling.Accept,
        { } high when high >= RejectFrom => ScoreRuling.Reject,
        _ => ScoreRuling.Cancel,
    };
}
