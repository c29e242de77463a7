using Alloc.Engine.Processing;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Keys;
using Alloc.Schemas.Operations;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>
/// Keeps the mismatches: what comparisons say of them, what people decide about them, what falls due. A record happens
/// at its timestamp, what falls due at the clock; all that is remembered is in stores.
/// </summary>
/// <remarks>
/// What falls due claims that nothing else was said until then: that a difference stands on, that nobody rejected a
/// repair. So timers go by the watermark of both topics, not by the clock: after a pause of the process, or of those
/// who write the differences, what was said meanwhile counts first.
/// </remarks>
internal sealed class KeeperProcessor(ReconciliationOptions options, ReconciliationSerdes serdes)
    : IProcessor<string, object, PartitionedKey, object>
{
    /// <summary>How often it sends, while a run is under way: a turn that does nothing is a transaction, too.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>How often it looks at what is due, and shows figures.</summary>
    public static readonly TimeSpan ShowInterval = TimeSpan.FromSeconds(1);

    /// <summary>Mismatches that fall due in one piece of work, and others that are forgotten.</summary>
    public const int DueAtOnce = 1_000;

    /// <summary>Repairs are sent only where what was said until so long ago is known.</summary>
    public static readonly TimeSpan MaximumIgnorance = TimeSpan.FromSeconds(60);

    private readonly CatalogueBook catalogue = new();
    private IProcessorContext<PartitionedKey, object> context = null!;
    private KeeperStores stores = null!;
    private MismatchBook book = null!;
    private DecisionDesk desk = null!;
    private RepairRuns runs = null!;
    private MismatchFigures? unshown;
    private bool isUncommitted;
    private IDisposable? turns;

    public void Init(IProcessorContext<PartitionedKey, object> context)
    {
        this.context = context;
        stores = new KeeperStores(context);
        book = new MismatchBook(stores, Forward);
        var commands = new RepairCommands(serdes, options.PoolPartitionCount);
        runs = new RepairRuns(stores, book, new RepairSender(book, commands, Forward));
        desk = new DecisionDesk(stores, book, runs);
        if (stores.Catalogue.Get(MismatchStores.TheKey) is { } inForce)
        {
            catalogue.Restore(inForce);
        }
        context.Schedule(ShowInterval, PunctuationType.WallClock, _ =>
        {
            Look(context.ClockMs);
            Measure(context.ClockMs);
        });
        // Apart, so that what waits for the registry holds back no timer.
        context.Schedule(ShowInterval, PunctuationType.WallClock, _ => Send(context.ClockMs));
        context.WhenCommitted((_, _) =>
        {
            isUncommitted = false;
            Show();
        });
    }

    public void Process(in Record<string, object> record)
    {
        isUncommitted = true;
        switch (record.Value)
        {
            case Difference said:
                DifferenceRules.Check(record.Key, said);
                Take(said, record.TimestampMs);
                break;
            case RepairDecision decision:
                DecisionRules.Check(record.Key, decision);
                desk.Take(decision, record.TimestampMs);
                Hurry();
                break;
            case CatalogueInForce inForce when catalogue.Replace(inForce):
                stores.Catalogue.Put(MismatchStores.TheKey, inForce);
                ControlCopies.Send(inForce, options, Forward, record.TimestampMs);
                break;
            default:
                break;
        }
    }

    public void Close() => options.Instruments.Mismatches.Withdraw(this);

    private void Take(Difference said, long atMs)
    {
        var kept = book.Find(said.MismatchId);
        if (said.Kind == DifferenceKind.Stands)
        {
            var offer = RepairOffer.Of(said, options.PoolPartitionCount);
            if (kept is null)
            {
                var row = catalogue.InForce.Class(DifferenceRules.ClassOf(said.Class));
                book.Save(null, MismatchLife.Open(
                    said, row, catalogue.Version, offer, book.Previous(said.Class, said.Scope!), atMs));
                return;
            }
            Step(kept, atMs, step => MismatchLife.Stand(step, said, offer));
        }
        else if (kept is not null)
        {
            Step(kept, atMs, step =>
            {
                if (said.Kind == DifferenceKind.Ended)
                {
                    MismatchLife.End(step, said.Ended);
                }
                else
                {
                    MismatchLife.Answer(step, said.Answer!);
                }
            });
        }
    }

    private void Step(KeptMismatch kept, long atMs, Action<MismatchStep> work)
    {
        var step = new MismatchStep(kept, atMs);
        work(step);
        book.Save(kept, step);
    }

    private long KnownMs(long nowMs) => Math.Min(nowMs, Math.Min(
        context.WatermarkMs(options.DifferenceTopic), context.WatermarkMs(options.DecisionTopic)));

    private void Look(long nowMs)
    {
        var knownMs = KnownMs(nowMs);
        for (var n = 0; n < DueAtOnce && stores.Timers.TryPeek(out var dueAtMs, out var id) && dueAtMs <= knownMs; n++)
        {
            var kept = book.Find(id) ?? throw new TaskCorruptedException(
                $"A timer of the keeper of mismatches names '{id}', which is not kept; state is restored.");
            if (MismatchTimers.IsForgotten(kept, dueAtMs))
            {
                book.Forget(kept, nowMs);
            }
            else
            {
                Step(kept, nowMs, MismatchTimers.Fire);
            }
        }
        book.ForgetEpisodes(nowMs, DueAtOnce);
        desk.Forget(nowMs, DueAtOnce);
    }

    private void Send(long nowMs)
    {
        if (KnownMs(nowMs) >= nowMs - (long)MaximumIgnorance.TotalMilliseconds)
        {
            runs.Work(nowMs);
        }
        Hurry();
    }

    // Turns are many only while there is something to send.
    private void Hurry()
    {
        if (runs.AreWaiting)
        {
            turns ??= context.Schedule(Interval, PunctuationType.WallClock, _ => Send(context.ClockMs));
        }
        else
        {
            turns?.Dispose();
            turns = null;
        }
    }

    private void Measure(long nowMs)
    {
        unshown = MismatchFigures.Of(stores, catalogue.InForce, nowMs);
        // Where nothing was done nothing is committed, and mismatches grow older all the same.
        if (!isUncommitted)
        {
            Show();
        }
    }

    private void Show()
    {
        if (unshown is { } figures)
        {
            options.Instruments.Mismatches.Show(this, figures);
            unshown = null;
        }
    }

    private void Forward(string sink, PartitionedKey key, object? value, long atMs)
    {
        isUncommitted = true;
        context.Forward(new Record<PartitionedKey, object>(key, value!, atMs), sink);
    }
}
