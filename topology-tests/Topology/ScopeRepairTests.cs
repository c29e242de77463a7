using System.Buffers;
using System.Text;
using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Testing;
using Alloc.Processors.Allocation.State;
using Alloc.Processors.Projection;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Projection;

namespace Topology.Tests.Topology;

/// <summary>
/// A pool or a partition of the search projection is built anew while the rest is read and written. Drift is planted by
/// folding falsified outcomes; the truth is the journal.
/// </summary>
public sealed class ScopeRepairTests : IDisposable
{
    private static readonly ProjectionScope Bolts = new(0, "bolts");
    private static readonly ProjectionScope Partition = new(0, null);
    private readonly AllocationDriver alloc = new();
    private readonly MemoryStateProvider states = new();
    private readonly ScopeRepairs repairs = new();
    private readonly TopologyTestDriver projection;
    private readonly List<AllocationOutcome> journal = [];
    private int scratches;

    public ScopeRepairTests()
    {
        projection = new TopologyTestDriver(
            ProjectionTopology.Build(
                new ProjectionOptions { Persistence = StorePersistence.InMemory, Repairs = repairs },
                alloc.Serdes.Outcomes),
            AllocationDriver.StartMs);
        foreach (var pool in new[] { "bolts", "nuts" })
        {
            True(pool, new AllocationCommandBody.PoolConfigure
            {
                Settings = new PoolSettings { Unit = "piece", SnapshotSource = "erp" },
            });
            True(pool, new AllocationCommandBody.SupplyDelta { Source = "erp", SourceSequence = 1, Quantity = 100 });
        }
    }

    public void Dispose()
    {
        projection.Dispose();
        states.Dispose();
        alloc.Dispose();
    }

    [Fact]
    public void Drift_in_a_pool_is_found_and_mended_and_other_pools_keep_theirs()
    {
        PlantDrift("bolts");
        PlantDrift("nuts");

        var found = Rebuild(Bolts, isCheck: false);

        Assert.Equal((1, 3, 3), (found.Different, found.Missing, found.Superfluous));
        Assert.Contains(found.Examples, e => e.StartsWith("reservation bolts/changed: ", StringComparison.Ordinal));
        Assert.Equal(TruthOf("bolts"), EntriesOf("bolts"));
        Assert.NotEqual(TruthOf("nuts"), EntriesOf("nuts"));
    }

    [Fact]
    public void Drift_in_a_partition_is_found_and_mended_in_all_its_pools()
    {
        PlantDrift("bolts");
        PlantDrift("nuts");

        var found = Rebuild(Partition, isCheck: false);

        Assert.Equal(14, found.Total);
        Assert.Equal(TruthOf("bolts"), EntriesOf("bolts"));
        Assert.Equal(TruthOf("nuts"), EntriesOf("nuts"));
        Assert.Equal(0, Rebuild(Partition, isCheck: true).Total);
    }

    [Fact]
    public void A_check_finds_the_same_and_changes_nothing()
    {
        PlantDrift("bolts");
        var before = EntriesOf("bolts");

        var found = Rebuild(Bolts, isCheck: true);

        Assert.Equal(7, found.Total);
        Assert.Equal(before, EntriesOf("bolts"));
    }

    [Fact]
    public void What_is_written_while_it_is_built_is_neither_lost_nor_counted_as_drift()
    {
        PlantDrift("bolts");
        using var scratch = Begin(Bolts, isCheck: false, out var repair);
        FoldInto(scratch, journal);
        var suspects = Suspects(scratch, Bolts);

        True("bolts", Hold("before"));
        Ask(repair);
        True("bolts", new AllocationCommandBody.Confirm { ReservationId = "before" });
        FoldInto(scratch, journal);
        True("bolts", Hold("after"));
        True("nuts", Hold("elsewhere"));
        repair.HandOver(scratch, suspects);
        True("bolts", new AllocationCommandBody.Confirm { ReservationId = "after" });
        Turn();

        Assert.Equal(RepairStage.Done, repair.Stage);
        Assert.Equal(7, repair.Findings!.Total);
        Assert.Equal(TruthOf("bolts"), EntriesOf("bolts"));
        repairs.End(repair);
        True("bolts", Hold("later"));
        Assert.Equal(TruthOf("bolts"), EntriesOf("bolts"));
    }

    [Fact]
    public void Searches_see_the_old_entries_until_the_one_step_that_replaces_them()
    {
        PlantDrift("bolts");
        var old = EntriesOf("bolts");
        using var scratch = Begin(Bolts, isCheck: false, out var repair);
        FoldInto(scratch, journal);
        Ask(repair);
        FoldInto(scratch, journal);
        repair.HandOver(scratch, Suspects(scratch, Bolts));

        Assert.Equal(old, EntriesOf("bolts"));
        projection.CommitsEachRecord = false;
        Turn();
        Assert.Equal(RepairStage.Applied, repair.Stage);
        projection.Commit();

        Assert.Equal(RepairStage.Done, repair.Stage);
        Assert.Equal(TruthOf("bolts"), EntriesOf("bolts"));
    }

    [Fact]
    public void A_task_that_is_opened_anew_in_between_leaves_the_old_entries_and_can_be_asked_again()
    {
        PlantDrift("bolts");
        var old = EntriesOf("bolts");
        using var scratch = Begin(Bolts, isCheck: false, out var repair);
        FoldInto(scratch, journal);
        var suspects = Suspects(scratch, Bolts);
        Ask(repair);
        repair.HandOver(scratch, suspects);

        projection.RestartFromJournal();

        Assert.Equal(RepairStage.Lost, repair.Stage);
        Assert.Equal(old, EntriesOf("bolts"));
        Ask(repair);
        repair.HandOver(scratch, suspects);
        Turn();
        Assert.Equal(TruthOf("bolts"), EntriesOf("bolts"));
    }

    [Fact]
    public void What_was_withdrawn_is_not_taken_over()
    {
        PlantDrift("bolts");
        var old = EntriesOf("bolts");
        using var scratch = Begin(Bolts, isCheck: false, out var repair);
        FoldInto(scratch, journal);
        Ask(repair);
        repair.HandOver(scratch, Suspects(scratch, Bolts));

        repair.Withdraw();
        Turn();

        Assert.Equal(old, EntriesOf("bolts"));
    }

    [Fact]
    public void A_pool_that_lost_outcomes_waits_for_its_rebuild_and_goes_on_after_it()
    {
        var lost = alloc.Send("bolts", Hold("lost"));
        journal.AddRange(lost);
        var scratch = Begin(Partition, isCheck: false, out var repair);
        var waits = Assert.ThrowsAny<StreamsException>(() => True("bolts", Hold("next")));

        Assert.True(repair.IsAwaited);
        Assert.Contains("partition/0 of the search, which is being built", waits.Message, StringComparison.Ordinal);
        Ask(repair);
        FoldInto(scratch, journal);
        repair.HandOver(scratch, Suspects(scratch, Partition));
        Turn();
        repairs.End(repair);
        scratch.Dispose();
        projection.AdvanceWallClock(TimeSpan.FromSeconds(5));
        True("bolts", Hold("last"));

        Assert.Equal(TruthOf("bolts"), EntriesOf("bolts"));
    }

    [Fact]
    public void A_journal_whose_beginning_was_deleted_is_no_source_and_says_so()
    {
        using var scratch = Begin(Bolts, isCheck: false, out _);

        var fault = Assert.Throws<StreamsException>(() => FoldInto(scratch, journal.Skip(1)));

        Assert.Contains("pool bolts expects outcome 1 and found 2 at here", fault.Message, StringComparison.Ordinal);
        Assert.Contains("retention", fault.Message, StringComparison.Ordinal);
        Assert.Contains("stays as it is", fault.Message, StringComparison.Ordinal);
    }

    private static AllocationCommandBody.Hold Hold(string id, string? customer = "ann") =>
        new() { ReservationId = id, Quantity = 1, CustomerRef = customer };

    /// <summary>
    /// One reservation without its customer and its entry by customer, one that is not there with its entry by
    /// status, one that nobody knows with its two.
    /// </summary>
    private void PlantDrift(string pool)
    {
        Falsely(pool, Hold("changed"), after => [after with { CustomerRef = null }]);
        Falsely(pool, Hold("missing", customer: null), _ => []);
        Falsely(pool, Hold("true", customer: null), after =>
            [after, after with { ReservationId = "superfluous", CustomerRef = "eve" }]);
    }

    private RepairFindings Rebuild(ProjectionScope scope, bool isCheck)
    {
        using var scratch = Begin(scope, isCheck, out var repair);
        FoldInto(scratch, journal);
        Ask(repair);
        FoldInto(scratch, journal);
        repair.HandOver(scratch, Suspects(scratch, scope));
        Turn();
        repairs.End(repair);
        Assert.Equal(RepairStage.Done, repair.Stage);
        return repair.Findings!;
    }

    private ProjectionScratch Begin(ProjectionScope scope, bool isCheck, out ScopeRepair repair)
    {
        repair = new ScopeRepair(scope, isCheck);
        repairs.Begin(repair);
        return new ProjectionScratch(states, $"scratch-{++scratches}", scope);
    }

    private void Ask(ScopeRepair repair)
    {
        repair.Ask();
        Turn();
        Assert.Equal(RepairStage.Keeping, repair.Stage);
    }

    private void Turn() => projection.AdvanceWallClock(ProjectionProcessor.RepairInterval);

    private static void FoldInto(ProjectionScratch scratch, IEnumerable<AllocationOutcome> outcomes)
    {
        foreach (var outcome in outcomes)
        {
            scratch.Fold(outcome, () => "here");
        }
    }

    private List<ProjectionEntry> Suspects(ProjectionScratch scratch, ProjectionScope scope) =>
    [
        .. Reads().Entries(scope).Concat(scratch.Reads.Entries(scope)).Distinct()
            .Where(e => Reads().Compare(e, scratch.Reads, alloc.Driver.NowMs) is not null),
    ];

    private List<string> EntriesOf(string pool) => Describe(Reads(), pool);

    private List<string> TruthOf(string pool)
    {
        using var scratch = new ProjectionScratch(states, $"truth-{++scratches}", Partition);
        FoldInto(scratch, journal);
        return Describe(scratch.Reads, pool);
    }

    private static List<string> Describe(ProjectionReads reads, string pool) =>
    [
        .. reads.Entries(new ProjectionScope(0, pool)).Select(e =>
            $"{e.Part} {e.Id} {e.Index} {reads.Describe(e)} {reads.Reservation(e.Key, long.MinValue)}"),
    ];

    private ProjectionReads Reads() => new(
        projection.GetStore<IKeyValueStore<string, ProjectedPool>>(ProjectionStores.Pools),
        projection.GetStore<IKeyValueStore<PoolKey, ReservationView>>(ProjectionStores.Reservations),
        projection.GetStore<IKeyValueStore<IndexKey, IndexEntry>>(ProjectionStores.Index));

    private void True(string pool, AllocationCommandBody body)
    {
        foreach (var outcome in alloc.Send(pool, body))
        {
            journal.Add(outcome);
            Pipe(outcome);
        }
    }

    private void Falsely(
        string pool, AllocationCommandBody body, Func<Reservation, IReadOnlyList<Reservation>> falsify)
    {
        foreach (var outcome in alloc.Send(pool, body))
        {
            journal.Add(outcome);
            Pipe(outcome with { After = [.. outcome.After.SelectMany(falsify)] });
        }
    }

    private void Pipe(AllocationOutcome outcome)
    {
        var bytes = new ArrayBufferWriter<byte>();
        alloc.Serdes.Outcomes.Serialize(outcome, bytes);
        projection.PipeInput(
            alloc.Options.OutcomeTopic, Encoding.UTF8.GetBytes(outcome.PoolId), bytes.WrittenSpan.ToArray(),
            outcome.TMs);
    }
}
