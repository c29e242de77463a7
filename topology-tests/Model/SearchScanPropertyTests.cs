using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.State;
using Alloc.Processors.Projection;
using Alloc.Processors.Projection.Scanning;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Projection;
using FsCheck;
using FsCheck.Fluent;

namespace Topology.Tests.Model;

/// <summary>
/// Two folds of one journal that share no code, the ledger's and that of searches, after histories of every command:
/// a scan finds nothing, wherever searches are, and finds what was planted.
/// </summary>
public sealed class SearchScanPropertyTests
{
    private const string Journal = "journal";

    public static TheoryData<string> Policies => [.. ModelPolicies.Decided.Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Policies))]
    public void A_history_leaves_ledger_and_searches_alike(string name)
    {
        var policy = ModelPolicies.Named(name);
        Prop.ForAll(Histories.For(policy, length: 60), script =>
        {
            var outcomes = JournalOf(policy, script);
            foreach (var behind in new[] { 0, 1, outcomes.Count / 2 })
            {
                using var both = new Both(outcomes, Math.Max(0, outcomes.Count - behind));
                if (both.Scan().Findings is { Count: > 0 } findings)
                {
                    throw new BrokenRuleException(
                        $"searches {behind} behind are as the ledger",
                        $"{findings[0].ReservationId}: {findings[0].Ledger} | {findings[0].Search}", script);
                }
            }
        }).Check(Properties.Of(60));
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void A_row_that_is_wrong_in_any_field_is_found(string name)
    {
        var policy = ModelPolicies.Named(name);
        var planted = 0;
        Prop.ForAll(Histories.For(policy, length: 60), script =>
        {
            using var both = new Both(JournalOf(policy, script));
            foreach (var view in both.Views().Where(v => v.ForgetAtMs is null).Take(2))
            {
                foreach (var wrong in Wrong(view))
                {
                    both.Put(wrong);
                    var findings = both.Scan().Findings;
                    both.Put(view);
                    planted++;
                    if (findings is not [var found] || found.ReservationId != view.ReservationId)
                    {
                        throw new BrokenRuleException("what is planted is found", $"{wrong}", script);
                    }
                }
            }
        }).Check(Properties.Of(10));

        Assert.True(planted > 0);
    }

    /// <summary>The view with each compared field another one.</summary>
    private static IEnumerable<ReservationView> Wrong(ReservationView view)
    {
        yield return view with { Version = view.Version + 1 };
        yield return view with { Held = view.Held + 1 };
        yield return view with { Confirmed = view.Confirmed + 1 };
        yield return view with { Consumed = view.Consumed + 1 };
        yield return view with { Returned = view.Returned + 1 };
        yield return view with { Waiting = view.Waiting + 1 };
        yield return view with { Granted = view.Granted + 1 };
        yield return view with { Class = view.Class + "x" };
        yield return view with { ExpiresAtMs = (view.ExpiresAtMs ?? 0) + 1 };
        yield return view with { GroupId = view.GroupId + "x" };
        yield return view with { Channel = view.Channel + "x" };
        yield return view with { Tier = view.Tier + "x" };
        yield return view with { Status = view.Status + "x" };
        yield return view with { OrderRef = view.OrderRef + "x" };
        yield return view with { CustomerRef = view.CustomerRef + "x" };
        yield return view with { ForgetAtMs = long.MaxValue };
        if (view.Granted > 0)
        {
            yield return view with { CreatedAtMs = view.CreatedAtMs + 1 };
        }
    }

    private static List<AllocationOutcome> JournalOf(NaivePolicy policy, string[] script)
    {
        var run = new LedgerRun(policy.Write());
        foreach (var line in new[] { "configure service=60000 #configure", "supply 10 erp=1 #opening" }.Concat(script))
        {
            run.Run(new ScriptLine(line));
        }
        return run.Journal;
    }

    /// <summary>Both sides in stores of their own.</summary>
    private sealed class Both : IDisposable
    {
        private readonly MemoryStateProvider states = new();
        private readonly IReadOnlyList<AllocationOutcome> journal;
        private readonly ITaskState ledger;
        private readonly ITaskState search;
        private readonly ProjectionFold fold;

        public Both(IReadOnlyList<AllocationOutcome> journal, int? folded = null)
        {
            this.journal = journal;
            ledger = Open("ledger", AllocationStores.Definitions());
            search = Open("search", ProjectionStores.Definitions(StorePersistence.Persistent));
            fold = new ProjectionFold(
                search.GetStore<IKeyValueStore<string, ProjectedPool>>(ProjectionStores.Pools),
                search.GetStore<IKeyValueStore<PoolKey, ReservationView>>(ProjectionStores.Reservations),
                search.GetStore<IKeyValueStore<IndexKey, IndexEntry>>(ProjectionStores.Index));
            var state = new StoreLedgerState(ledger);
            foreach (var outcome in journal)
            {
                state.BeginRecord();
                Write(ledger, () => Evolve.Apply(state, outcome));
            }
            foreach (var outcome in journal.Take(folded ?? journal.Count))
            {
                Write(search, () => fold.Fold(outcome));
            }
            Commit(ledger, new StatePosition
            {
                Changelogs = new Dictionary<string, long> { [Journal] = journal.Count },
            });
            Commit(search);
            Folded = folded ?? journal.Count;
        }

        private int Folded { get; }

        public void Dispose()
        {
            ledger.Dispose();
            search.Dispose();
            states.Dispose();
        }

        public List<ReservationView> Views() =>
            [.. search.GetStore<IKeyValueStore<PoolKey, ReservationView>>(ProjectionStores.Reservations).All()
                .Select(v => v.Value)];

        public void Put(ReservationView view)
        {
            Write(search, () => search.GetStore<IKeyValueStore<PoolKey, ReservationView>>(
                ProjectionStores.Reservations).Put(new PoolKey(view.PoolId, view.ReservationId), view));
            Commit(search);
        }

        public ScanReport Scan() => new SearchScan("scan", 0, null, new ScanParts
        {
            Open = () =>
            {
                var snapshot = search.Snapshot(SearchSide.Stores);
                return new OpenSearches(new SearchSide(snapshot, Journal, Folded), snapshot);
            },
            Ask = question =>
            {
                using var snapshot = ledger.Snapshot(LedgerSide.Stores);
                return [.. LedgerAnswers.Of(question, new LedgerSide(snapshot, Journal), () => { })];
            },
            Tail = (from, to) =>
            {
                var tail = new JournalTail();
                foreach (var outcome in journal.Skip((int)from).Take((int)(to - from)))
                {
                    tail.Add(outcome);
                }
                return tail;
            },
            Step = () => { },
        }).Run(() => 0);

        private ITaskState Open(string directory, IReadOnlyList<StoreDefinition> stores) =>
            states.Open(new TaskStateOptions { TaskId = new TaskId(0, 0), Directory = directory, Stores = stores });

        private static void Write(ITaskState state, Action write)
        {
            state.BeginRecord();
            write();
            state.CommitRecord();
        }

        private static void Commit(ITaskState state, StatePosition? position = null) =>
            state.MarkCommitted(state.Freeze(), position ?? StatePosition.Empty);
    }
}
