using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.State;

/// <summary>
/// Deletes what decisions ignore already, a bounded piece at a time. It leaves no outcome and changes no decision: an
/// entry past its <c>forgetAt</c> may be there or not. What was written lately is still in memory and is looked at when
/// it has reached the database.
/// </summary>
internal sealed class Forgetting(IProcessorContext context, StoreLedgerState state)
{
    /// <summary>How often a piece is looked at.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private const int EntriesPerRun = 2_000;
    private static readonly PoolKey Start = new("", "");

    private readonly Sweep<Reservation> reservations = new(
        context.GetStore<IKeyValueStore<PoolKey, Reservation>>(AllocationStores.Reservations),
        r => r.ForgetAtMs ?? long.MaxValue);

    private readonly Sweep<CommandMemory> commands = new(
        context.GetStore<IKeyValueStore<PoolKey, CommandMemory>>(AllocationStores.Commands),
        c => c.Provisional ? long.MaxValue : c.ForgetAtMs);

    private readonly Sweep<ConsumeMemory> consumes = new(
        context.GetStore<IKeyValueStore<PoolKey, ConsumeMemory>>(AllocationStores.Consumes), c => c.ForgetAtMs);

    /// <summary>Looks at the next piece of every store.</summary>
    public void Run()
    {
        state.BeginRecord();
        var t = state.Partition.TMs;
        reservations.Run(t);
        commands.Run(t);
        consumes.Run(t);
    }

    private sealed class Sweep<TValue>(IKeyValueStore<PoolKey, TValue> store, Func<TValue, long> forgetAt)
        where TValue : class
    {
        private readonly List<PoolKey> forgotten = [];
        private PoolKey next = Start;

        public void Run(long t)
        {
            var looked = 0;
            var last = next;
            forgotten.Clear();
            foreach (var entry in store.Stored(next))
            {
                last = entry.Key;
                if (forgetAt(entry.Value) <= t)
                {
                    forgotten.Add(entry.Key);
                }
                if (++looked == EntriesPerRun)
                {
                    break;
                }
            }
            next = looked < EntriesPerRun ? Start : last;
            foreach (var key in forgotten)
            {
                store.Delete(key);
            }
        }
    }
}
