using Alloc.Processors.Catalogue;
using Alloc.Processors.Reconciliation.Mismatches;
using Alloc.Schemas.Projection;
using Alloc.Schemas.Reconciliation;

namespace Topology.Tests.Reconciliation;

/// <summary>
/// What scans of searches report becomes differences: opened once whatever is scanned again, over when a scan that
/// looked there finds it equal, built anew by the instance that has it, and proven by the next scan.
/// </summary>
public sealed class DriftTests
{
    private const string Pool = "p1";
    private static readonly ScanFinding OfPartition = Finding(null, null, 500);
    private static readonly ScanFinding OfPool = Finding(Pool, null, 50);
    private static readonly ScanFinding OfReservation = Finding(Pool, "r1", 1);
    private int scans;

    [Fact]
    public void What_differs_is_opened_once_with_both_sides_and_is_over_when_a_scan_finds_it_equal()
    {
        using var world = new World();
        Report(world, offset: 10, OfReservation);
        Report(world, offset: 20, OfReservation);

        var told = Assert.Single(world.Differences());
        Report(world, offset: 30);
        var over = Assert.Single(world.Differences());

        Assert.Equal(("ProjectionDrift", "p1/r1", Pool), (told.Class, told.Scope!.Id, told.Scope.PoolId));
        Assert.Equal("allocation.outcomes/0/10", told.Episode);
        Assert.Equal(("ledger says", "searches say"), (told.Left!.Says, told.Right!.Says));
        Assert.Equal(
            (RepairKind.RebuildScope, Pool, 0), (told.Repair!.Kind, told.Repair.PoolId, told.Repair.Partition));
        Assert.Equal((DifferenceKind.Ended, told.MismatchId), (over.Kind, over.MismatchId));
        Assert.Contains("allocation.outcomes/0/30", over.Ended, StringComparison.Ordinal);
    }

    [Fact]
    public void What_differs_again_later_is_another_one()
    {
        using var world = new World();
        Report(world, offset: 10, OfReservation);
        Report(world, offset: 20);
        Report(world, offset: 30, OfReservation);

        var stood = world.Differences().Where(d => d.Kind == DifferenceKind.Stands).ToList();

        Assert.Equal(2, stood.Select(d => d.MismatchId).Distinct().Count());
    }

    [Fact]
    public void What_stands_is_changed_where_it_says_something_else()
    {
        using var world = new World();
        Report(world, offset: 10, OfReservation);
        Report(world, offset: 20, OfReservation with { Search = "not there", SearchVersion = null });

        var told = world.Differences();

        Assert.Equal(2, told.Count);
        Assert.Single(told.Select(d => d.MismatchId).Distinct());
        Assert.Equal("not there", told[1].Right!.Says);
    }

    /// <summary>
    /// What stands (none, reservation, pool, partition), what a scan of the partition finds then, what stands after it.
    /// </summary>
    public static TheoryData<string, string, string> Levels() => new()
    {
        { "-", "-", "" },
        { "-", "r", "p1/r1" },
        { "-", "p", "p1" },
        { "-", "a", "partition/0" },
        { "r", "-", "" },
        { "r", "r", "p1/r1" },
        { "r", "p", "p1 p1/r1" },
        { "r", "a", "p1/r1 partition/0" },
        { "p", "-", "" },
        { "p", "r", "p1" },
        { "p", "p", "p1" },
        { "p", "a", "p1 partition/0" },
        { "a", "-", "" },
        { "a", "r", "partition/0" },
        { "a", "p", "partition/0" },
        { "a", "a", "partition/0" },
    };

    [Theory]
    [MemberData(nameof(Levels))]
    public void What_is_told_as_a_whole_stands_until_nothing_of_it_differs(string before, string found, string after)
    {
        using var world = new World();
        Report(world, 10, Of(before));

        Report(world, 20, Of(found));

        Assert.Equal(
            after, string.Join(' ', world.Standing().Select(s => s.Split(' ')[1]).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void A_scan_of_a_pool_ends_nothing_elsewhere()
    {
        using var world = new World();
        Report(world, 10, OfReservation, Finding("p2", "r1", 1));

        Report(world, 20, Pool);

        Assert.Equal(["ProjectionDrift p2/r1"], world.Standing());
    }

    [Theory]
    [InlineData("partition")]
    [InlineData("key")]
    [InlineData("pool")]
    [InlineData("reservation")]
    [InlineData("many")]
    public void A_report_that_is_none_is_a_dead_letter(string how)
    {
        using var world = new World();
        var report = Of(10, null, OfReservation);

        report = how switch
        {
            "partition" => report with { Partition = 1 },
            "pool" => report with { PoolId = "p2" },
            "reservation" => report with { Findings = [OfReservation with { PoolId = null }] },
            "many" => report with { Findings = [.. Enumerable.Range(0, 101).Select(n => Finding(Pool, $"r{n}", 1))] },
            _ => report,
        };
        world.Pipe(
            world.Options.ReportTopic, how == "key" ? "another" : report.ScanId,
            World.Bytes(world.Serdes.Reports, report));

        Assert.Single(world.DeadLetters(world.Options.ReportTopic));
        Assert.Empty(world.Standing());
    }

    [Fact]
    public void It_is_built_anew_by_itself_and_proven_by_the_next_scan()
    {
        using var world = new World(keeps: true);
        Report(world, 10, OfReservation);
        world.Pass(TimeSpan.FromMinutes(2));

        var wanted = Assert.Single(Requests(world));
        Report(world, 20, Pool);
        world.Pass(TimeSpan.FromSeconds(5));

        var row = Assert.Single(world.Rows());
        Assert.Equal(($"rc/{row.MismatchId}/1", 0, Pool), (wanted.RequestId, wanted.Partition, wanted.PoolId));
        Assert.Equal(["ProjectionDrift p1/r1 Repaired"], world.Kept());
        Assert.Single(Requests(world));
    }

    [Fact]
    public void Where_a_person_must_want_it_nothing_is_built_before()
    {
        using var world = new World(keeps: true);
        world.PutIntoForce(OperationsCatalogue.Shipped with
        {
            Version = 1,
            Classes =
            [
                .. OperationsCatalogue.Shipped.Classes.Select(
                    r => r.Class == MismatchClass.ProjectionDrift ? r with { Repair = false } : r),
            ],
        });
        Report(world, 10, OfPartition);
        world.Pass(TimeSpan.FromMinutes(2));
        var before = Requests(world).Count;
        var row = Assert.Single(world.Rows());

        world.Decide(new RepairDecision
        {
            DecisionId = "d-1",
            MismatchId = row.MismatchId,
            Kind = DecisionKind.Approve,
            Actor = "kim",
            Reason = "because",
            DecidedAtMs = world.NowMs,
        });
        world.Pass(TimeSpan.FromMinutes(2));

        Assert.Equal((MismatchState.Proposed, 0), (row.State, before));
        Assert.False(Repairs.NeedsSecondApprover(row.Repair!.Kind));
        Assert.Equal((0, null), (Assert.Single(Requests(world)).Partition, Requests(world)[0].PoolId));
    }

    private static List<RebuildRequest> Requests(World world) =>
        [.. world.Driver.Log(world.Options.RebuildTopic).Select(r => world.Serdes.Rebuilds.Deserialize(r.Value))];

    private static ScanFinding[] Of(string level) => level switch
    {
        "r" => [OfReservation],
        "p" => [OfPool],
        "a" => [OfPartition],
        _ => [],
    };

    private static ScanFinding Finding(string? pool, string? reservation, long differing) => new()
    {
        PoolId = pool,
        ReservationId = reservation,
        Differing = differing,
        Ledger = "ledger says",
        Search = "searches say",
        LedgerVersion = reservation is null ? null : 3,
        SearchVersion = reservation is null ? null : 2,
    };

    private void Report(World world, long offset, params ScanFinding[] findings) =>
        Pipe(world, Of(offset, null, findings));

    private void Report(World world, long offset, string pool) => Pipe(world, Of(offset, pool));

    private ScanReport Of(long offset, string? pool, params ScanFinding[] findings) => new()
    {
        ScanId = $"scan-{++scans}",
        Partition = 0,
        PoolId = pool,
        Offset = offset,
        AtMs = World.StartMs,
        Entries = 100,
        Differing = findings.Sum(f => f.Differing),
        Findings = findings,
    };

    private static void Pipe(World world, ScanReport report) => world.Pipe(
        world.Options.ReportTopic, report.ScanId, World.Bytes(world.Serdes.Reports, report));
}
