using Alloc.Client;

namespace Alloc.Verify;

/// <summary>
/// A fact about supply counts once: not again when it comes again, nor when a snapshot that covers it came before, and
/// no consumption or return moves units twice.
/// </summary>
internal sealed class SupplyCheck(Action<FindingKind, ObservedOutcome, string> report)
{
    private const string ConsumeAcknowledged = "ConsumeAcknowledged";
    private readonly Dictionary<string, SourceMark> marks = new(StringComparer.Ordinal);
    private readonly ForgettingTable<UInt128, long> effects = new(static (forgetAtMs, timeMs) => forgetAtMs <= timeMs);
    private bool isStock;

    /// <summary>Checks the next outcome of the pool.</summary>
    public void Check(ObservedOutcome outcome)
    {
        if (outcome.Answer == AnswerKind.Duplicate)
        {
            return;
        }
        isStock = outcome.IsStock ?? isStock;
        CheckEffects(outcome);
        if (outcome.Supply is not { } supply)
        {
            return;
        }
        if (!marks.TryGetValue(supply.Source, out var mark))
        {
            marks[supply.Source] = mark = new SourceMark();
        }
        if (supply.Sequence is { } sequence)
        {
            CheckDelta(outcome, supply.Source, sequence, mark);
        }
        else if (supply.Version is { } version)
        {
            CheckSnapshot(outcome, supply, version, mark);
        }
    }

    /// <summary>Checks what a consumption or return that its source reports does to what a snapshot counted.</summary>
    public void CheckFact(ObservedCommand command, ObservedOutcome outcome)
    {
        if (!isStock || command.Fact is not var (source, sequence) || outcome.Answer != AnswerKind.Original
            || marks.GetValueOrDefault(source) is not { } mark || sequence > mark.Through || !MovesEffect(outcome))
        {
            return;
        }
        if (!outcome.Postings.Any(p => p.Entry == ConsumeAcknowledged))
        {
            report(FindingKind.SupplyCountedTwice, outcome,
                $"{outcome.Event} is fact {sequence} of {source}, inside its snapshot through {mark.Through}, and is "
                + "not taken off");
        }
    }

    private void CheckDelta(ObservedOutcome outcome, string source, long sequence, SourceMark mark)
    {
        if (sequence <= mark.Through)
        {
            report(FindingKind.SupplyCountedTwice, outcome,
                $"delta {sequence} of {source} is applied after its snapshot through {mark.Through}");
        }
        else if (!mark.Applied.Add(sequence))
        {
            report(FindingKind.SupplyCountedTwice, outcome, $"delta {sequence} of {source} is applied again");
        }
    }

    private void CheckSnapshot(ObservedOutcome outcome, ObservedSupply supply, long version, SourceMark mark)
    {
        if (version <= mark.Version)
        {
            report(FindingKind.SupplyCountedTwice, outcome,
                $"snapshot {version} of {supply.Source} is applied after {mark.Version}");
        }
        mark.Version = Math.Max(version, mark.Version);
        if (supply.Through is { } through)
        {
            mark.Through = Math.Max(through, mark.Through);
            mark.Applied.RemoveThrough(mark.Through);
        }
    }

    private void CheckEffects(ObservedOutcome outcome)
    {
        foreach (var (id, forgetAtMs) in outcome.Effects)
        {
            var key = Fingerprint.Of(id);
            if (effects.TryFind(key, outcome.TimeMs, out _) && MovesEffect(outcome))
            {
                report(FindingKind.SupplyCountedTwice, outcome, $"{outcome.Event} '{id}' has moved units before");
            }
            effects.Put(key, forgetAtMs, outcome.TimeMs);
        }
    }

    private static bool MovesEffect(ObservedOutcome outcome) =>
        outcome.Postings.Any(p => p.Entry is Events.Consumed or Events.OrphanConsumed or Events.Returned);

    private sealed class SourceMark
    {
        public long Version { get; set; } = long.MinValue;

        public long Through { get; set; } = long.MinValue;

        public SequenceSet Applied { get; } = new();
    }
}
