using System.Diagnostics.Metrics;
using System.Text;
using Alloc.Engine.State;
using Alloc.Host.Metrics;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Reconciliation;
using Alloc.Processors.Reconciliation.Mismatches;
using Alloc.Schemas.Reconciliation;
using static Topology.Tests.Reconciliation.Mismatches.MismatchDriver;

namespace Topology.Tests.Reconciliation.Mismatches;

/// <summary>What others get to see of mismatches: lists, counts, metrics, and the catalogue that comparisons follow.
/// </summary>
public sealed class MismatchReadsTests
{
    private const int Many = 100_000;
    private const int Piece = 2_000;

    [Fact]
    public void A_hundred_of_a_hundred_thousand_are_found_without_looking_at_the_others()
    {
        using var keeper = new MismatchDriver();
        OpenMany(keeper);
        var open = new CountingStore<OpenKey, OpenMismatch>(
            keeper.Driver.GetStore<IKeyValueStore<OpenKey, OpenMismatch>>(MismatchStores.Open));
        var reads = new MismatchReads(
            keeper.Driver.GetStore<IKeyValueStore<string, KeptMismatch>>(MismatchStores.Kept), open,
            keeper.Driver.GetStore<IKeyValueStore<TallyKey, MismatchTally>>(MismatchStores.Tallies));
        MismatchFilter[] filters =
        [
            new(), new() { Severity = "ticket" }, new() { Class = Late }, new() { Owner = "orders" },
            new() { PoolId = "p1" }, new() { State = MismatchState.Proposed },
            new() { Class = Zombie, State = MismatchState.Proposed, Severity = "ticket" },
        ];

        foreach (var filter in filters)
        {
            open.Reads = 0;
            Assert.Equal(100, reads.Open(filter, 100).Mismatches.Count);
            Assert.InRange(open.Reads, 100, 102);
        }
        foreach (var filter in new MismatchFilter[]
        {
            new() { OrderRef = "o99999" }, new() { ScopeId = "p1/m99999" }, new() { Assignee = "ben" },
            new() { IsQueued = true }, new() { State = MismatchState.Accepted }, new() { Class = "DualWriter" },
        })
        {
            open.Reads = 0;
            Assert.InRange(reads.Open(filter, 100).Mismatches.Count, 0, 1);
            Assert.InRange(open.Reads, 0, 2);
        }
        open.Reads = 0;
        Assert.Equal(Many, reads.Counts().Open.Sum(c => c.Count));
        Assert.Equal(0, open.Reads);

        // What no list is made for is looked for in pieces.
        var page = reads.Open(new MismatchFilter { PoolId = "p1", Owner = "nobody" }, 100);
        Assert.Empty(page.Mismatches);
        Assert.NotNull(page.Next);
        Assert.InRange(open.Reads, MismatchReads.LooksPerPage, MismatchReads.LooksPerPage + 1);

        // A run over all of them does a piece at a time, and decisions do not wait for it.
        keeper.Run();
        keeper.Pass(TimeSpan.FromSeconds(1));
        keeper.Decide("m00001", DecisionKind.Assign);
        Assert.Equal("ben", keeper.Row("m00001").Assignee);
        Assert.DoesNotContain(keeper.Events(), e => e.Kind == MismatchEventKind.RunFinished);
        keeper.PassLong(TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(200));
        var told = Assert.Single(keeper.Events(), e => e.Kind == MismatchEventKind.RunFinished);
        Assert.Equal(100, told.Counts["approved"]);
        Assert.Equal((Many / 2) - 100, told.Counts["capped"]);
    }

    [Fact]
    public void Pieces_of_a_list_are_the_list_what_pages_first_then_what_is_older()
    {
        using var keeper = new MismatchDriver();
        for (var n = 0; n < 40; n++)
        {
            keeper.Say(Stands($"m{n:00}", n % 3 == 0 ? Late : Zombie, n % 2 == 0 ? Release() : null));
            keeper.Pass(TimeSpan.FromMilliseconds(n % 5 == 0 ? 100 : 0));
        }
        var reads = keeper.Reads();
        var listed = new List<ListedMismatch>();
        MismatchPlace? after = null;
        do
        {
            var page = reads.Open(new MismatchFilter(), 7, after);
            listed.AddRange(page.Mismatches);
            after = page.Next;
        }
        while (after is not null);

        Assert.Equal(40, listed.Count);
        Assert.Equal(
            listed.OrderBy(m => m.Place.Severity == "page" ? 0 : 1).ThenBy(m => m.Place.OpenedAtMs)
                .ThenBy(m => m.Place.MismatchId, StringComparer.Ordinal).Select(m => m.Place.MismatchId),
            listed.Select(m => m.Place.MismatchId));
        Assert.Equal(
            13, reads.Open(new MismatchFilter { Severity = "ticket", IsQueued = true }, 50).Mismatches.Count);
    }

    [Fact]
    public void What_is_settled_is_found_by_its_order_and_scope_until_it_is_forgotten_and_nowhere_else()
    {
        using var keeper = new MismatchDriver();
        keeper.Say(Stands("m1", order: "o1"));
        keeper.Say(Stands("m2", order: "o1"));
        keeper.Say(Stands("m3", order: "o1"));
        keeper.Decide("m2", DecisionKind.Accept);
        keeper.End("m3");

        IEnumerable<string> Listed(MismatchFilter filter) =>
            keeper.Reads().Open(filter, 100).Mismatches.Select(m => m.Place.MismatchId);
        var scope = keeper.Row("m3").Scope.Id;

        Assert.Equal(["m1"], Listed(new MismatchFilter { OrderRef = "o1" }));
        Assert.Equal(["m2", "m3"], Listed(new MismatchFilter { OrderRef = "o1", IsSettled = true }));
        Assert.Equal(["m3"], Listed(new MismatchFilter { ScopeId = scope, IsSettled = true }));
        Assert.Equal(["m2"], Listed(new MismatchFilter { State = MismatchState.Accepted }));
        Assert.Throws<ArgumentException>(() => Listed(new MismatchFilter { IsSettled = true }).ToList());

        keeper.PassLong(TimeSpan.FromDays(8), TimeSpan.FromHours(1));

        Assert.Equal(["m2"], Listed(new MismatchFilter { OrderRef = "o1", IsSettled = true }));
    }

    [Fact]
    public void A_newer_catalogue_is_told_to_every_partition_once_and_kept()
    {
        using var keeper = new MismatchDriver();
        keeper.Apply(With(MismatchClass.ZombieHold, r => r with { Owner = "first" }, version: 2));
        keeper.Apply(With(MismatchClass.ZombieHold, r => r with { Owner = "older" }, version: 1));
        keeper.Apply(With(MismatchClass.ZombieHold, r => r with { Owner = "same" }, version: 2));
        keeper.Driver.RestartFromJournal();
        keeper.Say(Stands("m1"));

        Assert.Equal(("first", 2), (keeper.Row("m1").Owner, keeper.Row("m1").CatalogueVersion));
        foreach (var (topic, partitions, serde) in new[]
        {
            (keeper.Options.PoolControlTopic, 3, keeper.Serdes.PoolControl),
            (keeper.Options.OrderControlTopic, 2, keeper.Serdes.OrderControl),
        })
        {
            var copies = keeper.Records(topic);
            Assert.Equal(Enumerable.Range(0, partitions), copies.Select(c => c.Partition));
            Assert.All(copies, c => Assert.Equal("$catalogue", Encoding.UTF8.GetString(c.Key!)));
            Assert.All(copies, c => Assert.Equal(2, serde.Deserialize(c.Value).Catalogue!.Version));
        }
    }

    [Fact]
    public async Task Metrics_show_what_is_committed_and_end_with_the_keeper()
    {
        using var meter = new Meter("Reconciliation.Test");
        using var metrics = new PrometheusMetrics(meter.Name);
        var instruments = new ReconciliationInstruments(meter);
        using (var keeper = new MismatchDriver(instruments))
        {
            keeper.Say(Stands("m1", Late, Tick()));
            keeper.Say(Stands("m2", Late, Tick()));
            keeper.Say(Stands("m3"));
            keeper.Say(Stands("m4"));
            keeper.Decide("m4", DecisionKind.Accept);
            keeper.Decide("m9", DecisionKind.Accept);
            keeper.Pass(TimeSpan.FromSeconds(61));
            keeper.End("m1");
            keeper.Answer("m2", 1, "Rejected", "VersionMismatch");
            keeper.Pass(TimeSpan.FromSeconds(9));

            var text = await ScrapeAsync(metrics);

            foreach (var line in new[]
            {
                "mismatches{class=\"ExpiryNotReleased\",severity=\"page\"} 1",
                "mismatches{class=\"ZombieHold\",severity=\"ticket\"} 1",
                "mismatches{class=\"DualWriter\",severity=\"page\"} 0",
                "oldest_mismatch_age_seconds{class=\"ZombieHold\",severity=\"ticket\"} 70",
                "accepted{class=\"ZombieHold\"} 1", "exception_queue{owner=\"orders\"} 1",
                "repairs_total{action=\"Tick\",result=\"sent\"} 2",
                "repairs_total{action=\"Tick\",result=\"repaired\"} 1",
                "repairs_total{action=\"Tick\",result=\"refused\"} 1", "refused_decisions_total 1",
                "last_success_timestamp_seconds 1700000061",
            })
            {
                Assert.Contains($"alloc_reconciliation_{line}", text, StringComparison.Ordinal);
            }
        }

        Assert.DoesNotContain(
            "alloc_reconciliation_mismatches{", await ScrapeAsync(metrics), StringComparison.Ordinal);
    }

    private static void OpenMany(MismatchDriver keeper)
    {
        keeper.Driver.CommitsEachRecord = false;
        for (var n = 0; n < Many; n++)
        {
            keeper.Say(Stands(
                $"m{n:00000}", n % 2 == 0 ? Late : Zombie, n % 2 == 0 ? Force() : Release(), $"o{n}"));
            if (n % Piece == 0)
            {
                keeper.Driver.Commit();
            }
        }
        keeper.Driver.Commit();
        keeper.Driver.CommitsEachRecord = true;
    }

    private static async Task<string> ScrapeAsync(PrometheusMetrics metrics)
    {
        using var output = new MemoryStream();
        await metrics.WriteAsync(output, CancellationToken.None);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    /// <summary>Counts the entries that are read.</summary>
    private sealed class CountingStore<TKey, TValue>(IReadOnlyKeyValueStore<TKey, TValue> inner)
        : IReadOnlyKeyValueStore<TKey, TValue>
        where TKey : notnull
        where TValue : class
    {
        public int Reads { get; set; }

        public TValue? Get(TKey key)
        {
            Reads++;
            return inner.Get(key);
        }

        public IEnumerable<KeyValuePair<TKey, TValue>> Range(TKey from, TKey to) => Count(inner.Range(from, to));

        public IEnumerable<KeyValuePair<TKey, TValue>> Prefix(ReadOnlyMemory<byte> keyPrefix) =>
            Count(inner.Prefix(keyPrefix));

        public IEnumerable<KeyValuePair<TKey, TValue>> All() => Count(inner.All());

        private IEnumerable<KeyValuePair<TKey, TValue>> Count(IEnumerable<KeyValuePair<TKey, TValue>> entries)
        {
            foreach (var entry in entries)
            {
                Reads++;
                yield return entry;
            }
        }
    }
}
