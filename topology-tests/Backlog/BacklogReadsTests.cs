using Alloc.Engine.State;
using Alloc.Processors.Backlog;
using Alloc.Processors.Backlog.Waiting;
using Alloc.Schemas.Backlog;
using static Topology.Tests.Backlog.BacklogDriver;

namespace Topology.Tests.Backlog;

/// <summary>
/// Questions for holds at risk: the right ones, and no look at the store for each cell of a few seconds.
/// </summary>
public sealed class BacklogReadsTests : IDisposable
{
    private readonly BacklogDriver backlog = new();

    public void Dispose() => backlog.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Holds_at_risk_are_those_of_a_naive_model(int seed)
    {
        var random = new Random(seed);
        for (var n = 0; n < 3_000; n++)
        {
            // Some expire with many others, most alone.
            var seconds = random.Next(4) == 0 ? 600 : 300 + random.Next(3_000);
            backlog.Hold($"o{n}", "bolts", backlog.NowMs + seconds * 1_000);
            backlog.Enter($"o{n}");
            if (n % 20 == 0)
            {
                backlog.Pass(TimeSpan.FromSeconds(1));
            }
        }
        for (var turn = 0; turn < 50; turn++)
        {
            var prediction = Prediction(random);
            var limit = 1 + random.Next(turn % 2 == 0 ? 20 : 4_000);

            var found = Reads(Risks()).AtRisk(Fraud, prediction, limit);

            Assert.Equal(Naive(prediction, limit), found.Select(h => (h.ExpiresAtMs, h.WorkId)));
        }
    }

    [Fact]
    public void Holds_that_expire_each_in_a_slot_of_their_own_take_one_look()
    {
        for (var n = 0; n < 500; n++)
        {
            backlog.Hold($"o{n:D3}", "bolts", backlog.NowMs + (n + 60) * 10_000);
            backlog.Enter($"o{n:D3}");
        }
        backlog.Pass(TimeSpan.FromSeconds(1));
        var risks = new CountingStore<RiskKey, RiskMark>(Risks());

        var found = Reads(risks).AtRisk(Fraud, Never(), 100);

        Assert.Equal(Enumerable.Range(0, 100).Select(n => $"o{n:D3}"), found.Select(h => h.WorkId));
        Assert.Equal(1, risks.Looks);
        Assert.InRange(risks.Read, 100, 120);
    }

    [Fact]
    public void What_lies_between_few_holds_at_risk_is_not_read_through()
    {
        // Those of one that came late lie behind thousands that came early and are safe.
        const int count = 5 * BacklogReads.HoldsPerLook;
        backlog.Hold("first", "bolts", backlog.NowMs + 600_000);
        backlog.Enter("first");
        for (var n = 0; n < count; n++)
        {
            backlog.Hold($"o{n}", "bolts", backlog.NowMs + 900_000);
            backlog.Enter($"o{n}");
        }
        backlog.Pass(TimeSpan.FromSeconds(20));
        backlog.Hold("late", "bolts", backlog.NowMs + 1_000_000);
        backlog.Enter("late");
        backlog.Pass(TimeSpan.FromSeconds(1));
        var risks = new CountingStore<RiskKey, RiskMark>(Risks());
        var entered = backlog.NowMs - 10_000;
        var prediction = new StagePrediction
        {
            StageId = Fraud,
            AtMs = backlog.NowMs,
            Waiting = count,
            Leaves =
            [
                new LeavePoint { EnteredAtMs = entered, LeaveAtMs = backlog.NowMs + 600_000 },
                new LeavePoint { EnteredAtMs = entered + 1, LeaveAtMs = null },
            ],
        };

        var found = Reads(risks).AtRisk(Fraud, prediction, 100);

        Assert.Equal(["first", "late"], found.Select(h => h.WorkId));
        Assert.InRange(risks.Read, 2, BacklogReads.HoldsPerLook + 10);
    }

    [Fact]
    public void Those_that_expire_first_are_named_first_though_each_is_in_a_cell_of_its_own()
    {
        const int count = 2 * RiskNaming.AlertsPerCommit;
        for (var n = 0; n < count; n++)
        {
            backlog.Hold($"o{n:D4}", "bolts", backlog.NowMs + 1_800_000 + (count - n) * RiskIndex.SlotMs);
            backlog.Enter($"o{n:D4}");
        }
        backlog.Pass(TimeSpan.FromMinutes(2));

        var named = backlog.Alerts();

        Assert.Equal(count, named.Count);
        Assert.Equal(named.Select(a => a.ExpiresAtMs).Order(), named.Select(a => a.ExpiresAtMs));
    }

    private static StagePrediction Never() => new()
    {
        StageId = Fraud,
        AtMs = 0,
        Waiting = 1,
        Leaves = [new LeavePoint { EnteredAtMs = 0, LeaveAtMs = null }],
    };

    // A line that rises, here slowly and there fast, and perhaps never ends.
    private StagePrediction Prediction(Random random)
    {
        var entered = StartMs;
        var leave = backlog.NowMs;
        var points = new List<LeavePoint>();
        for (var n = 0; n < 10; n++)
        {
            points.Add(new LeavePoint { EnteredAtMs = entered, LeaveAtMs = leave });
            entered += 1 + random.Next(40_000);
            leave += random.Next(600_000);
        }
        if (random.Next(2) == 0)
        {
            points.Add(new LeavePoint { EnteredAtMs = entered, LeaveAtMs = null });
        }
        return new StagePrediction { StageId = Fraud, AtMs = backlog.NowMs, Waiting = 1, Leaves = points };
    }

    private IEnumerable<(long ExpiresAtMs, string WorkId)> Naive(StagePrediction prediction, int limit)
    {
        var line = new LeaveLine(prediction);
        return Risks().All().Where(r => RiskIndex.IsAtRisk(r.Key.Cell, line))
            .Select(r => (r.Key.ExpiresAtMs, r.Key.WorkId))
            .OrderBy(r => r.ExpiresAtMs).ThenBy(r => r.WorkId, StringComparer.Ordinal).Take(limit);
    }

    private IReadOnlyKeyValueStore<RiskKey, RiskMark> Risks() => Store<RiskKey, RiskMark>(BacklogStores.Risks);

    private BacklogReads Reads(IReadOnlyKeyValueStore<RiskKey, RiskMark> risks) => new(
        Store<string, WaitingWork>(BacklogStores.Works), Store<EntryKey, EntryMark>(BacklogStores.Entries),
        Store<CellKey, RiskCell>(BacklogStores.Cells), risks);

    private IKeyValueStore<TKey, TValue> Store<TKey, TValue>(string name)
        where TKey : notnull
        where TValue : class => backlog.Driver.GetStore<IKeyValueStore<TKey, TValue>>(name);

    /// <summary>Counts how often a place is looked up, and what is read from there on.</summary>
    private sealed class CountingStore<TKey, TValue>(IReadOnlyKeyValueStore<TKey, TValue> inner)
        : IReadOnlyKeyValueStore<TKey, TValue>
        where TKey : notnull
        where TValue : class
    {
        public int Looks { get; private set; }

        public int Read { get; private set; }

        public TValue? Get(TKey key) => inner.Get(key);

        public IEnumerable<KeyValuePair<TKey, TValue>> Range(TKey from, TKey to) => Count(inner.Range(from, to));

        public IEnumerable<KeyValuePair<TKey, TValue>> Prefix(ReadOnlyMemory<byte> keyPrefix) =>
            Count(inner.Prefix(keyPrefix));

        public IEnumerable<KeyValuePair<TKey, TValue>> All() => Count(inner.All());

        private IEnumerable<KeyValuePair<TKey, TValue>> Count(IEnumerable<KeyValuePair<TKey, TValue>> entries)
        {
            Looks++;
            foreach (var entry in entries)
            {
                Read++;
                yield return entry;
            }
        }
    }
}
