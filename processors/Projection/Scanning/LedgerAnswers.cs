using Alloc.Schemas.Projection;

namespace Alloc.Processors.Projection.Scanning;

/// <summary>What the instance that has the ledger of a partition answers to one that scans it.</summary>
public static class LedgerAnswers
{
    /// <summary>Ranges of a piece: a piece of the longest ids stays below what a topic takes.</summary>
    private const int RangesPerPiece = 1_000;

    /// <summary>Entries of a piece, for the same reason.</summary>
    private const int EntriesPerPiece = 200;

    /// <summary>Why a question cannot be answered by this version; null: it can.</summary>
    public static string? RefusalOf(ScanMessage question) => question.EntrySchema == ScannedEntries.Schema
        ? null
        : "The instances that have the ledger and searches are of two versions, which compare different fields: "
            + "scan again when all run the same one.";

    /// <summary>The pieces of the answer, as they are made.</summary>
    /// <param name="question">The question; the ledger is at its offset or beyond.</param>
    /// <param name="ledger">The ledger.</param>
    /// <param name="step">Called for each entry.</param>
    public static IEnumerable<ScanMessage> Of(ScanMessage question, LedgerSide ledger, Action step)
    {
        var head = question with
        {
            Kind = question.Kind == ScanMessageKind.AskDigests ? ScanMessageKind.Digests : ScanMessageKind.Entries,
            Offset = ledger.Offset,
            ForgottenBy = Math.Max(question.ForgottenBy, ledger.ForgottenBy),
            Ranges = [],
        };
        if (question.Kind == ScanMessageKind.AskDigests)
        {
            var span = ScanSpan.Of(question.PoolId);
            return Pieces(
                RangeDigests.Make(Entries(ledger, span, head.ForgottenBy, step), span), RangesPerPiece,
                (ranges, piece, isLast) => head with { Ranges = ranges, Piece = piece, IsLast = isLast });
        }
        return Pieces(
            question.Ranges.SelectMany(r => Entries(ledger, ScanSpan.Of(r), head.ForgottenBy, step)), EntriesPerPiece,
            (entries, piece, isLast) => head with { Entries = entries, Piece = piece, IsLast = isLast });
    }

    private static IEnumerable<ScannedEntry> Entries(LedgerSide ledger, ScanSpan span, long forgottenBy, Action step)
    {
        foreach (var entry in ledger.Entries(span, forgottenBy))
        {
            step();
            yield return entry;
        }
    }

    // The last piece may be empty: only then is it known that there is no other.
    private static IEnumerable<ScanMessage> Pieces<T>(
        IEnumerable<T> all, int most, Func<IReadOnlyList<T>, int, bool, ScanMessage> make)
    {
        var piece = 0;
        var gathered = new List<T>(most);
        foreach (var one in all)
        {
            if (gathered.Count == most)
            {
                yield return make([.. gathered], piece++, false);
                gathered.Clear();
            }
            gathered.Add(one);
        }
        yield return make([.. gathered], piece, true);
    }
}
