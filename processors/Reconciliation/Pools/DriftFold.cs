using System.Globalization;
using Alloc.Engine.Processing;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Schemas.Projection;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Pools;

/// <summary>
/// What scans of searches found against the ledger. A report names all that differs in its partition, or in its pool:
/// what stood and is not in it is over. Of much that differs the pool or the partition stands as one, until nothing of
/// it differs any more.
/// </summary>
internal sealed class DriftFold(string outcomeTopic, DifferenceBook differences)
{
    private const string Reservation = "reservation";
    private const string Pool = "pool";
    private const string Partition = "partition";

    /// <summary>Takes up a report.</summary>
    /// <exception cref="BadRecordException">It is none.</exception>
    public void Take(string? key, ScanReport report, int partition)
    {
        ScanReportRules.Check(key, report, partition);
        var found = report.Findings.Select(f => new Found(KeyOf(f, partition), f)).ToList();
        foreach (var (standing, known) in Standing())
        {
            var one = new Place(standing.Kind, known.Difference.Scope?.PoolId);
            if (IsLookedAt(one, report) && !found.Exists(f => f.Key == standing || AreRelated(one, f.Place)))
            {
                differences.End(standing, string.Create(
                    CultureInfo.InvariantCulture,
                    $"ledger and searches have the same at {Position(partition, report.Offset)}"));
            }
        }
        var stands = Standing().ConvertAll(
            s => (s.Key, Place: new Place(s.Key.Kind, s.Value.Difference.Scope?.PoolId)));
        foreach (var one in found)
        {
            if (!stands.Exists(s => s.Key != one.Key && Covers(s.Place, one.Place)))
            {
                differences.Stand(Describe(one, report));
            }
        }
    }

    private List<KeyValuePair<DifferenceKey, OpenDifference>> Standing() =>
    [
        .. new[] { Partition, Pool, Reservation }.SelectMany(
            kind => differences.Those(MismatchClass.ProjectionDrift, kind, "")),
    ];

    private Finding Describe(Found found, ScanReport report)
    {
        var said = found.Said;
        var position = Position(report.Partition, report.Offset);
        return new Finding(
            found.Key,
            Sides.Of("ledger", said.Ledger, position, report.AtMs, Numbers(said.LedgerVersion, said)),
            Sides.Of("searches", said.Search, position, report.AtMs, Numbers(said.SearchVersion, said)))
        {
            SinceMs = report.AtMs,
            // What was equal at an earlier scan and differs at this one, whatever wrote it wrongly.
            Episode = position,
            PoolId = said.PoolId,
            OrderRef = said.OrderRef,
            Repair = new RepairFacts
            {
                Kind = RepairKind.RebuildScope,
                PoolId = said.PoolId ?? "",
                Partition = report.Partition,
            },
        };
    }

    private static (string Name, long Value)[] Numbers(long? version, ScanFinding said) => version is { } number
        ? [("version", number)]
        : said.ReservationId is null ? [("differing", said.Differing)] : [];

    private string Position(int partition, long offset) => string.Create(
        CultureInfo.InvariantCulture, $"{outcomeTopic}/{partition}/{offset}");

    private DifferenceKey KeyOf(ScanFinding found, int partition)
    {
        const MismatchClass Drift = MismatchClass.ProjectionDrift;
        return found switch
        {
            { PoolId: { } pool, ReservationId: { } id } =>
                differences.InForce(new InPoolKey(pool, id).Difference(Drift, Reservation)),
            { PoolId: { } pool } => new DifferenceKey(Drift, Pool, pool),
            _ => new DifferenceKey(
                Drift, Partition, string.Create(CultureInfo.InvariantCulture, $"partition/{partition}")),
        };
    }

    // A scan of one pool says nothing of others, and nothing of a partition as a whole.
    private static bool IsLookedAt(Place place, ScanReport report) =>
        report.PoolId is null || place.PoolId == report.PoolId;

    private static bool AreRelated(Place one, Place other) => Covers(one, other) || Covers(other, one);

    private static bool Covers(Place wide, Place narrow) => wide.Kind switch
    {
        Partition => narrow.Kind != Partition,
        Pool => narrow.Kind == Reservation && narrow.PoolId == wide.PoolId,
        _ => false,
    };

    private readonly record struct Place(string Kind, string? PoolId);

    private sealed record Found(DifferenceKey Key, ScanFinding Said)
    {
        public Place Place => new(Key.Kind, Said.PoolId);
    }
}
