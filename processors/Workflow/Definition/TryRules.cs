namespace Alloc.Processors.Workflow.Definition;

/// <summary>How a payment is asked for.</summary>
/// <param name="Tries">Most tries of one request, from 1 to 10; all have the same key.</param>
/// <param name="FirstPauseMs">The pause after the first try, in milliseconds, from 1 second to 1 day.</param>
/// <param name="Factor">How many times as long each later pause is, from 1 to 100.</param>
/// <param name="AnswerWithinMs">How long a try may go unanswered, in milliseconds, from 1 second to 1 day.</param>
/// <param name="Reauthorisations">
/// How often a payment is authorised again whose authorisation ended before Confirm, from 0 to 3.
/// </param>
public sealed record PaymentRules(int Tries, long FirstPauseMs, int Factor, long AnswerWithinMs, int Reauthorisations)
{
    /// <summary>The pause after a try that failed, in milliseconds; none is longer than 90 days.</summary>
    /// <param name="tryNumber">Number of the try, from 1.</param>
    public long PauseMs(int tryNumber) =>
        BackOff.PauseMs(tryNumber, FirstPauseMs, Factor, DefinitionRanges.Longest);

    /// <summary>How long all tries take if none is answered, in milliseconds.</summary>
    internal Int128 LongestMs
    {
        get
        {
            var longestMs = (Int128)Tries * AnswerWithinMs;
            for (var number = 1; number < Tries; number++)
            {
                longestMs += PauseMs(number);
            }
            return longestMs;
        }
    }
}

/// <summary>How what was done is undone; what none of the tries undid comes into the exception queue.</summary>
/// <param name="Tries">Most tries of each undo, from 1 to 8.</param>
/// <param name="FirstPauseMs">The pause after the first try, in milliseconds, from 1 second to 1 day.</param>
/// <param name="Factor">How many times as long each later pause is, from 1 to 100.</param>
/// <param name="LongestPauseMs">No pause is longer, in milliseconds, from 1 second to 1 day.</param>
/// <param name="AnswerWithinMs">How long a try may go unanswered, in milliseconds, from 1 second to 1 day.</param>
public sealed record CompensationRules(
    int Tries, long FirstPauseMs, int Factor, long LongestPauseMs, long AnswerWithinMs)
{
    /// <summary>The pause after a try that failed, in milliseconds.</summary>
    /// <param name="tryNumber">Number of the try, from 1.</param>
    public long PauseMs(int tryNumber) => BackOff.PauseMs(tryNumber, FirstPauseMs, Factor, LongestPauseMs);
}

/// <summary>What customers are told of new dates.</summary>
/// <param name="NotifyAtMostEveryMs">
/// Two words about a later date have at least this between them, in milliseconds, from 1 second to 90 days.
/// </param>
public sealed record PromiseRules(long NotifyAtMostEveryMs);
