using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Catalogue;

/// <summary>
/// How a decision is written: the event, <c>Held</c>, with its reasons, <c>Rejected QuotaExceeded</c>, <c>NoOp
/// SameHold</c>. The event alone stands for all of its reasons.
/// </summary>
public static class DecisionWords
{
    private static readonly HashSet<string> Events =
        [.. typeof(AllocationOutcomeEvent).GetNestedTypes().Select(type => type.Name)];

    /// <summary>Whether a decision is what a word says.</summary>
    /// <param name="word">The word of a rule.</param>
    /// <param name="decision">The decision; or a word, for whether everything that it says is in the first.</param>
    public static bool Matches(string word, string decision) => word == decision
        || (!word.Contains(' ', StringComparison.Ordinal) && decision.Length > word.Length
            && decision[word.Length] == ' ' && decision.StartsWith(word, StringComparison.Ordinal));

    /// <summary>What is wrong with a word, as the rest of a sentence, and what to do.</summary>
    internal static IEnumerable<(string What, string Remedy)> Wrongs(string word)
    {
        var parts = word.Split(' ', 2);
        if (!Events.Contains(parts[0]))
        {
            yield return ("is no decision", "Write an outcome's event: Held, Rejected QuotaExceeded, NoOp SameHold.");
            yield break;
        }
        if (parts.Length == 1)
        {
            yield break;
        }
        if (parts[0] == nameof(AllocationOutcomeEvent.NoOp))
        {
            if (!IsSymbol<NoOpWhy>(parts[1]))
            {
                yield return ("has a reason that no NoOp has", "Write NoOp alone, or one reason: NoOp SameHold.");
            }
            yield break;
        }
        if (parts[0] != nameof(AllocationOutcomeEvent.Rejected))
        {
            yield return ("has a reason, which only Rejected and NoOp have", $"Write {parts[0]}.");
            yield break;
        }
        var codes = parts[1].Split(", ");
        if (Array.Find(codes, code => !IsSymbol<ReasonCode>(code)) is { } unknown)
        {
            yield return ($"has the reason '{unknown}', which nothing is rejected for",
                "Write Rejected alone, or with reasons as the report shows them: Rejected QuotaExceeded.");
        }
        else if (!codes.SequenceEqual(codes.Distinct().Order(StringComparer.Ordinal)))
        {
            yield return ("has its reasons in another order than decisions have, so it never matches",
                $"Write Rejected {string.Join(", ", codes.Distinct().Order(StringComparer.Ordinal))}.");
        }
    }

    private static bool IsSymbol<T>(string text)
        where T : struct, Enum => text != "Unknown" && Enum.GetNames<T>().Contains(text);
}
