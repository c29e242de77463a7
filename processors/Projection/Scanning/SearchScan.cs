using Alloc.Engine.Processing;
using Alloc.Schemas.Projection;

namespace Alloc.Processors.Projection.Scanning;

/// <summary>What a scan needs of its surroundings.</summary>
public sealed record ScanParts
{
    /// <summary>Searches as they are now; the scan disposes what it is given.</summary>
    public required Func<OpenSearches> Open { get; init; }

    /// <summary>Has the ledger answer; the pieces in their order, all of them.</summary>
    public required Func<ScanMessage, IReadOnlyList<ScanMessage>> Ask { get; init; }

    /// <summary>The journal from one offset up to another.</summary>
    public required Func<long, long, JournalTail> Tail { get; init; }

    /// <summary>Called for each entry that is looked at; may rest, and may throw to end the scan.</summary>
    public required Action Step { get; init; }
}

/// <summary>A snapshot of searches.</summary>
/// <param name="Side">What is compared.</param>
/// <param name="Snapshot">What is to be disposed.</param>
public sealed record OpenSearches(SearchSide Side, IDisposable Snapshot) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Snapshot.Dispose();
}

/// <summary>
/// Compares a partition of searches with its ledger, both at the ledger's offset of the journal. First by digests of
/// ranges; the entries of ranges that differ are then compared one by one, from a later moment of both: what only moved
/// in between is found once and not twice.
/// </summary>
/// <param name="scanId">Names the scan.</param>
/// <param name="partition">The partition.</param>
/// <param name="poolId">Only this pool; null: all of the partition.</param>
/// <param name="parts">Its surroundings.</param>
public sealed class SearchScan(string scanId, int partition, string? poolId, ScanParts parts)
{
    private readonly ScanSpan span = ScanSpan.Of(poolId);
    private readonly IndexSums sums = new(poolId);
    private long entries;

    /// <summary>Entries that the ledger has; 0 until it has answered.</summary>
    public long Total { get; private set; }

    /// <summary>Entries that were compared so far.</summary>
    public long Entries => Volatile.Read(ref entries);

    /// <summary>Does it.</summary>
    /// <param name="nowMs">The time, milliseconds since 1970 UTC.</param>
    /// <returns>All that differs.</returns>
    /// <exception cref="StreamsException">The ledger did not answer as it should.</exception>
    public ScanReport Run(Func<long> nowMs)
    {
        var (offset, ranges, index) = CompareDigests();
        var lookedAt = ranges.GetRange(0, Math.Min(ranges.Count, ScanFindings.RangesLookedAt));
        var differences = new List<ScanDifference>();
        if (lookedAt.Count > 0)
        {
            (offset, differences) = CompareEntries(lookedAt);
        }
        var known = differences.Select(d => d.Key).ToHashSet();
        foreach (var difference in index.Where(d => known.Add(d.Key)))
        {
            differences.Add(difference);
        }
        return new ScanReport
        {
            ScanId = scanId,
            Partition = partition,
            PoolId = poolId,
            Offset = offset,
            AtMs = nowMs(),
            Entries = Entries,
            Differing = differences.Count,
            Findings = ScanFindings.Of(partition, differences, ranges.GetRange(
                lookedAt.Count, ranges.Count - lookedAt.Count)),
        };
    }

    private (long Offset, List<ScanSpan> Ranges, List<ScanDifference> Index) CompareDigests()
    {
        using var open = parts.Open();
        var side = open.Side;
        var answer = Ask(side, ScanMessageKind.AskDigests, []);
        var ledger = answer.SelectMany(a => a.Ranges).ToList();
        Total = ledger.Sum(r => r.Count);
        var ranges = RangeDigests.Differing(
            ledger,
            Counted(side.Entries(span, answer[0].ForgottenBy, parts.Tail(side.Offset, answer[0].Offset), sums.Add)),
            span);
        var index = sums.Find(side, sums.Differing(side, parts.Step), ScanFindings.PerPartition + 1, parts.Step);
        return (answer[0].Offset, ranges, index);
    }

    private (long Offset, List<ScanDifference> Differences) CompareEntries(List<ScanSpan> ranges)
    {
        using var open = parts.Open();
        var side = open.Side;
        var answer = Ask(side, ScanMessageKind.AskEntries, ranges.ConvertAll(r => r.AsRange()));
        var ledger = answer.SelectMany(a => a.Entries).ToList();
        var tail = parts.Tail(side.Offset, answer[0].Offset);
        var differences = new List<ScanDifference>();
        foreach (var range in ranges)
        {
            differences.AddRange(ScanDifferences.Of(
                ledger.Where(e => range.Covers(ScannedEntries.KeyOf(e))),
                side.Entries(range, answer[0].ForgottenBy, tail)));
        }
        return (answer[0].Offset, differences);
    }

    private IReadOnlyList<ScanMessage> Ask(SearchSide side, ScanMessageKind kind, IReadOnlyList<ScanRange> ranges)
    {
        var answer = parts.Ask(new ScanMessage
        {
            ScanId = $"{scanId}/{kind}",
            Kind = kind,
            Partition = partition,
            EntrySchema = ScannedEntries.Schema,
            Offset = side.LedgerAtLeast,
            ForgottenBy = side.ForgottenBy,
            PoolId = poolId,
            Ranges = ranges,
        });
        return answer[0] is { Kind: ScanMessageKind.Refused } refused
            ? throw new StreamsException(refused.Why)
            : answer;
    }

    private IEnumerable<ScannedEntry> Counted(IEnumerable<ScannedEntry> all)
    {
        foreach (var entry in all)
        {
            parts.Step();
            Volatile.Write(ref entries, entries + 1);
            yield return entry;
        }
    }
}
