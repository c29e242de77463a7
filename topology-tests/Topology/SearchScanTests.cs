using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Testing;
using Alloc.Processors.Allocation.State;
using Alloc.Processors.Projection;
using Alloc.Processors.Projection.Scanning;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Projection;

namespace Topology.Tests.Topology;

/// <summary>
/// Searches are compared with the ledger at one offset of the journal: what was planted is found, and nothing that only
/// moves. The ledger's side is the ledger's own store, the other one the projection's.
/// </summary>
public sealed class SearchScanTests : IDisposable
{
    private readonly AllocationDriver alloc = new();
    private readonly TopologyTestDriver projection;
    private Func<ScanMessage, ScanMessage> asking = question => question;
    private Action whileAsking = () => { };
    private int folded;

    public SearchScanTests()
    {
        projection = new TopologyTestDriver(
            ProjectionTopology.Build(
                new ProjectionOptions { Persistence = StorePersistence.InMemory }, alloc.Serdes.Outcomes),
            AllocationDriver.StartMs);
        foreach (var pool in new[] { "bolts", "nuts", "washers" })
        {
            alloc.Stock(pool, 5_000);
        }
        Hold("bolts", 300);
        Hold("nuts", 3);
        FoldAll();
    }

    public void Dispose()
    {
        projection.Dispose();
        alloc.Dispose();
    }

    [Fact]
    public void Searches_that_are_as_the_ledger_is_differ_in_nothing()
    {
        Send("bolts", new AllocationCommandBody.Confirm { ReservationId = "r1" });
        Send("bolts", new AllocationCommandBody.Release { ReservationId = "r2", Reason = "test" });
        Send("nuts", new AllocationCommandBody.Hold { ReservationId = "too-many", Quantity = 9_999 });
        FoldAll();

        var report = Scan();

        Assert.Empty(report.Findings);
        Assert.Equal(0, report.Differing);
        // Pools, reservations, and the pool that stands for the partition where it has outcomes.
        Assert.InRange(report.Entries, 3 + 303, 3 + 306);
        Assert.Equal(Journal.Count, report.Offset);
    }

    [Theory]
    [InlineData("changed")]
    [InlineData("missing")]
    [InlineData("superfluous")]
    public void One_wrong_row_is_found_and_nothing_else(string how)
    {
        Plant("bolts", how);

        var report = Scan();

        var found = Assert.Single(report.Findings);
        Assert.Equal(("bolts", how == "superfluous" ? "ghost" : "r7"), (found.PoolId, found.ReservationId));
        Assert.Equal(1, report.Differing);
        Assert.Equal(how == "missing" ? "not there" : "Held", found.Search[..Math.Min(9, found.Search.Length)]
            .Split(',')[0]);
        Assert.Equal(how == "superfluous", found.Ledger == "not there");
    }

    [Fact]
    public void An_index_that_lost_an_entry_is_found_by_its_reservation()
    {
        var view = Views().Get(new PoolKey("nuts", "r1"))!;
        Write(() => Index().Delete(IndexKeys.OfOrder(view)!.Value));

        var found = Assert.Single(Scan().Findings);

        Assert.Equal(("nuts", "r1"), (found.PoolId, found.ReservationId));
        Assert.Contains("entry by order nuts/r1 is missing", found.Search, StringComparison.Ordinal);
    }

    [Fact]
    public void An_entry_of_an_index_that_nobody_wants_is_found()
    {
        var view = Views().Get(new PoolKey("nuts", "r1"))! with { CustomerRef = "eve" };
        Write(() => Index().Put(IndexKeys.OfCustomer(view)!.Value, new IndexEntry { Version = 1 }));

        var found = Assert.Single(Scan().Findings);

        Assert.Contains("entry by customer eve is there", found.Search, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_ledger_decides_while_it_is_scanned_is_no_difference()
    {
        var round = 0;
        whileAsking = () =>
        {
            Hold("bolts", 5, $"n{round}-");
            Send("bolts", new AllocationCommandBody.Confirm { ReservationId = $"r{10 + round}" });
            Hold("washers", 2, $"n{round}-");
            round++;
        };

        Assert.Empty(Scan().Findings);

        FoldAll();
        Plant("bolts", "changed");
        var report = Scan();
        Assert.Equal("r7", Assert.Single(report.Findings).ReservationId);
        Assert.True(round > 2, "entries were looked at from a later moment");
    }

    [Fact]
    public void What_is_written_again_before_it_is_looked_at_differs_no_more()
    {
        Plant("bolts", "changed");
        var asked = 0;
        whileAsking = () =>
        {
            if (++asked == 2)
            {
                Send("bolts", new AllocationCommandBody.Confirm { ReservationId = "r7" });
            }
        };

        Assert.Empty(Scan().Findings);
        Assert.Equal(2, asked);
    }

    [Fact]
    public void What_one_side_has_forgotten_already_is_no_difference()
    {
        Send("nuts", new AllocationCommandBody.Release { ReservationId = "r1", Reason = "test" });
        FoldAll();
        alloc.Driver.AdvanceWallClock(TimeSpan.FromDays(400));
        Hold("nuts", 1, "later-");
        FoldAll();
        Write(() => Views().Delete(new PoolKey("nuts", "r1")));
        Write(() =>
        {
            foreach (var entry in Index().All().Where(e => e.Key is { PoolId: "nuts", Id: "r1" }).ToList())
            {
                Index().Delete(entry.Key);
            }
        });

        Assert.Empty(Scan().Findings);
    }

    [Fact]
    public void A_scan_of_a_pool_sees_that_pool_alone()
    {
        Plant("bolts", "changed");

        Assert.Empty(Scan("nuts").Findings);
        Assert.Equal(4, Scan("nuts").Entries);
        Assert.Equal("r7", Assert.Single(Scan("bolts").Findings).ReservationId);
    }

    [Fact]
    public void Where_much_of_a_pool_differs_it_is_told_as_one()
    {
        Write(() =>
        {
            foreach (var (key, view) in Views().All().Where(v => v.Key.PoolId == "bolts").Take(50).ToList())
            {
                Views().Put(key, view with { Held = 9 });
            }
        });

        var report = Scan();

        var found = Assert.Single(report.Findings);
        Assert.Equal(("bolts", null, 50L), (found.PoolId, found.ReservationId, found.Differing));
        Assert.Equal(50, report.Differing);
    }

    [Fact]
    public void A_pool_at_another_outcome_is_one_finding_of_the_pool()
    {
        Write(() => Pools().Put("nuts", new ProjectedPool { Sequence = 1, TMs = 0 }));

        var found = Assert.Single(Scan().Findings);

        Assert.Equal(("nuts", null), (found.PoolId, found.ReservationId));
        Assert.Contains("at outcome 1", found.Search, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lost_generation_is_one_finding_of_the_partition()
    {
        for (var pool = 0; pool < 120; pool++)
        {
            alloc.Stock($"more-{pool}", 100);
            Hold($"more-{pool}", 1);
        }
        FoldAll();
        Write(() =>
        {
            foreach (var (key, _) in Views().All().ToList())
            {
                Views().Delete(key);
            }
        });

        var report = Scan();

        var found = Assert.Single(report.Findings);
        Assert.Equal((null, null), (found.PoolId, found.ReservationId));
        Assert.True(found.Differing > 100);
    }

    [Fact]
    public void Searches_that_are_behind_are_compared_with_the_journal_in_between()
    {
        Hold("nuts", 400, "late-");

        Assert.Empty(Scan().Findings);
    }

    [Fact]
    public void Another_version_that_compares_other_fields_is_refused()
    {
        asking = question => question with { EntrySchema = 1 };

        var refused = Assert.Throws<StreamsException>(() => Scan());

        Assert.Contains("two versions", refused.Message, StringComparison.Ordinal);
    }

    private IReadOnlyList<TestRecord> Journal => alloc.Driver.Log(alloc.Options.OutcomeTopic);

    private ScanReport Scan(string? pool = null) => new SearchScan("scan-1", 0, pool, new ScanParts
    {
        Open = () =>
        {
            var snapshot = projection.Snapshot(SearchSide.Stores);
            return new OpenSearches(new SearchSide(snapshot, alloc.Options.OutcomeTopic, folded), snapshot);
        },
        Ask = question =>
        {
            whileAsking();
            var asked = asking(question);
            if (LedgerAnswers.RefusalOf(asked) is { } why)
            {
                return [asked with { Kind = ScanMessageKind.Refused, Why = why }];
            }
            using var snapshot = alloc.Driver.Snapshot(LedgerSide.Stores);
            return
            [
                .. LedgerAnswers.Of(asked, new LedgerSide(snapshot, alloc.Options.OutcomeTopic), () => { }),
            ];
        },
        Tail = (from, to) =>
        {
            var tail = new JournalTail();
            foreach (var record in Journal.Skip((int)from).Take((int)(to - from)))
            {
                tail.Add(alloc.Serdes.Outcomes.Deserialize(record.Value));
            }
            return tail;
        },
        Step = () => { },
    }).Run(() => alloc.Driver.NowMs);

    private void Plant(string pool, string how) => Write(() =>
    {
        var key = new PoolKey(pool, "r7");
        var view = Views().Get(key)!;
        switch (how)
        {
            case "changed":
                Views().Put(key, view with { Granted = 99 });
                break;
            case "missing":
                Views().Delete(key);
                Forget(view);
                break;
            default:
                var ghost = view with { ReservationId = "ghost" };
                Views().Put(new PoolKey(pool, "ghost"), ghost);
                foreach (var entry in IndexKeys.Of(ghost))
                {
                    Index().Put(entry, new IndexEntry { Version = 1 });
                }
                break;
        }
    });

    private void Forget(ReservationView view)
    {
        foreach (var entry in IndexKeys.Of(view))
        {
            Index().Delete(entry);
        }
    }

    private void Write(Action write)
    {
        write();
        projection.Commit();
    }

    private void Hold(string pool, int count, string prefix = "r")
    {
        for (var number = 0; number < count; number++)
        {
            Send(pool, new AllocationCommandBody.Hold
            {
                ReservationId = $"{prefix}{number}",
                Quantity = 1,
                OrderRef = $"{pool}/{prefix}{number}",
                CustomerRef = "ann",
            });
        }
    }

    private void Send(string pool, AllocationCommandBody body) => alloc.Send(pool, body);

    private void FoldAll()
    {
        for (; folded < Journal.Count; folded++)
        {
            var record = Journal[folded];
            projection.PipeInput(alloc.Options.OutcomeTopic, record.Key, record.Value, record.TimestampMs);
        }
    }

    private IKeyValueStore<string, ProjectedPool> Pools() =>
        projection.GetStore<IKeyValueStore<string, ProjectedPool>>(ProjectionStores.Pools);

    private IKeyValueStore<PoolKey, ReservationView> Views() =>
        projection.GetStore<IKeyValueStore<PoolKey, ReservationView>>(ProjectionStores.Reservations);

    private IKeyValueStore<IndexKey, IndexEntry> Index() =>
        projection.GetStore<IKeyValueStore<IndexKey, IndexEntry>>(ProjectionStores.Index);
}
