using Alloc.Schemas.Projection;

namespace Alloc.Processors.Projection.Scanning;

/// <summary>
/// What is told of what differs: reservation by reservation where they are few, else pool by pool, else the partition
/// as one. A generation that was lost is one finding, not a million.
/// </summary>
public static class ScanFindings
{
    /// <summary>Reservations of a pool that are told apart.</summary>
    public const int PerPool = 20;

    /// <summary>Findings of a partition; more are one.</summary>
    public const int PerPartition = 100;

    /// <summary>Ranges in which entries are compared one by one; more are counted as a whole.</summary>
    public const int RangesLookedAt = 40;

    /// <summary>The findings.</summary>
    /// <param name="partition">The partition, for the words.</param>
    /// <param name="differences">What differs; each entry once, at most.</param>
    /// <param name="beyond">Ranges that differ and were not looked into.</param>
    public static IReadOnlyList<ScanFinding> Of(
        int partition, IReadOnlyCollection<ScanDifference> differences, IReadOnlyCollection<ScanSpan> beyond)
    {
        if (beyond.Count > 0)
        {
            var pools = beyond.Select(b => b.IsOfOnePool ? b.From.PoolId : null)
                .Concat(differences.Select(d => d.Key.PoolId)).Distinct().ToList();
            return pools is [{ } pool]
                ? [Whole(pool, $"pool {pool}", differences.Count + beyond.Count)]
                : [Whole(null, $"partition {partition}", differences.Count + beyond.Count)];
        }
        var findings = new List<ScanFinding>();
        foreach (var pool in differences.GroupBy(d => d.Key.PoolId, StringComparer.Ordinal))
        {
            // A pool at another outcome says why its reservations differ.
            if (pool.Count() > PerPool || pool.Any(d => d.Key.Id.Length == 0))
            {
                findings.Add(OfPool(pool.Key, [.. pool]));
            }
            else
            {
                findings.AddRange(pool.Select(OfReservation));
            }
        }
        return findings.Count <= PerPartition
            ? findings
            : [Whole(null, $"partition {partition}", differences.Count)];
    }

    private static ScanFinding OfReservation(ScanDifference difference) => new()
    {
        PoolId = difference.Key.PoolId,
        ReservationId = difference.Key.Id,
        Differing = 1,
        Ledger = difference.LedgerSays,
        Search = difference.SearchSays,
        LedgerVersion = difference.Ledger?.Version,
        SearchVersion = difference.Search?.Version,
        OrderRef = difference.Ledger?.OrderRef ?? difference.Search?.OrderRef,
    };

    private static ScanFinding OfPool(string poolId, IReadOnlyCollection<ScanDifference> differences)
    {
        var first = differences.FirstOrDefault(d => d.Key.Id.Length == 0) ?? differences.First();
        var what = first.Key.Id.Length == 0 ? "the pool" : $"for example {first.Key.Id}";
        return new ScanFinding
        {
            PoolId = poolId,
            Differing = differences.Count,
            Ledger = $"{what}: {first.LedgerSays}",
            Search = $"{what}: {first.SearchSays}",
        };
    }

    private static ScanFinding Whole(string? poolId, string what, long differing) => new()
    {
        PoolId = poolId,
        Differing = differing,
        Ledger = FormattableString.Invariant($"{what}: at least {differing} entries are others"),
        Search = $"{what}: too much differs to be told one by one",
    };
}
