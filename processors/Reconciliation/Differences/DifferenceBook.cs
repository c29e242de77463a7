using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Watermarks;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Reconciliation.Lag;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Differences;

/// <summary>
/// The differences of a partition. One is counted while it is tolerated, and said once it is not: when all whose
/// silence it claims are known beyond its time. One that is over in time is lag, and opens nothing.
/// </summary>
internal sealed class DifferenceBook
{
    private const int TimersPerCall = 1_000;

    // How long one waits for a source of pairs that is behind, until it is looked at again.
    private const long PairedWaitMs = 1_000;

    private readonly IProcessorContext<string, object> context;
    private readonly ReconciliationInstruments instruments;
    private readonly IKeyValueStore<DifferenceKey, OpenDifference> open;
    private readonly Claim[] claims;
    private readonly IReadOnlyCollection<string> paired;
    private readonly PartitionCatalogue catalogue;

    /// <param name="context">The processor's context.</param>
    /// <param name="stores">Its stores.</param>
    /// <param name="sources">For each claim of the stores, the sources whose silence it is.</param>
    /// <param name="paired">Sources of pairs that one claim alone does not cover.</param>
    /// <param name="instruments">What is counted.</param>
    /// <param name="catalogue">The catalogue whose tolerances count.</param>
    public DifferenceBook(
        IProcessorContext<string, object> context, DifferenceStores stores,
        IReadOnlyList<IReadOnlyCollection<string>> sources, IReadOnlyCollection<string> paired,
        ReconciliationInstruments instruments, PartitionCatalogue catalogue)
    {
        (this.context, this.paired, this.instruments, this.catalogue) = (context, paired, instruments, catalogue);
        string[] all = [.. sources.SelectMany(s => s).Concat(paired).Distinct()];
        Lags = new LagBook(
            context.GetStore<IKeyValueStore<LagKey, LagWindow>>(stores.Lags), () => all.Min(context.WatermarkMs));
        open = context.GetStore<IKeyValueStore<DifferenceKey, OpenDifference>>(stores.Open);
        claims = new Claim[sources.Count];
        for (var number = 0; number < claims.Length; number++)
        {
            var claim = number;
            claims[claim] = new Claim(
                context.GetStore<ITimeIndex<DifferenceKey>>(stores.Timers[claim]),
                context.CreateWatermarkTimer(sources[claim], watermarkMs => Pass(claim, watermarkMs)));
            claims[claim].Await();
        }
    }

    /// <summary>How long one side is behind the other.</summary>
    public LagBook Lags { get; }

    /// <summary>How many of a class stand.</summary>
    public int Count(MismatchClass mismatch) => open.Prefix(DifferenceStores.PrefixOf(mismatch)).Count();

    /// <summary>Those of a class and kind whose ids begin so.</summary>
    public List<KeyValuePair<DifferenceKey, OpenDifference>> Those(MismatchClass mismatch, string kind, string id) =>
        [.. open.Prefix(DifferenceStores.PrefixOf(mismatch, kind, id))];

    /// <summary>The orders of which a difference stands.</summary>
    public IReadOnlyCollection<string> OrderRefs() =>
        [.. open.All().Select(d => d.Value.Difference.Scope?.OrderRef).OfType<string>().Distinct()];

    /// <summary>The key under which it stands, or would: what stood before ids were told apart keeps its own.
    /// </summary>
    public DifferenceKey InForce(in DifferenceKey key) => key.Former is { } former && open.Get(key) is null
        && key with { Id = former.Id, Former = null } is var before
        && open.Get(before)?.Difference.Scope?.PoolId == former.PoolId ? before : key;

    /// <summary>A difference stands; what it says may be new.</summary>
    /// <returns>The key under which it does.</returns>
    public DifferenceKey Stand(Finding said)
    {
        var finding = said with { Key = InForce(said.Key) };
        var known = open.Get(finding.Key);
        var difference = Describe(finding, known?.Difference);
        if (known is null)
        {
            var opened = new OpenDifference
            {
                Difference = difference,
                DueAtMs = finding.DueAtMs,
                Claim = finding.Claim,
                IsTold = false,
                Awaits = finding.Awaits,
                Followed = finding.Tolerance.Kept,
                HeardAtMs = finding.HeardAtMs > finding.SinceMs ? finding.HeardAtMs : null,
            };
            if (finding.Claim == Finding.NoClaim)
            {
                Tell(finding.Key, opened, context.ClockMs);
                return finding.Key;
            }
            open.Put(finding.Key, opened);
            claims[finding.Claim].Timers.Add(finding.DueAtMs, finding.Key);
            claims[finding.Claim].Await();
        }
        else if (known.IsTold)
        {
            if (!SaysTheSame(known.Difference, difference))
            {
                Tell(finding.Key, known with { Difference = difference }, difference.WatermarkMs ?? context.ClockMs);
            }
        }
        else
        {
            var isHeardAnew = !SaysTheSame(known.Difference, difference) && finding.HeardAtMs > finding.SinceMs;
            var toleranceMs = known.Followed is { } followed
                ? (long)Tolerance.Of(followed).Earliest.TotalMilliseconds : difference.ToleranceMs;
            var dueAtMs = isHeardAnew ? Math.Max(known.DueAtMs, finding.HeardDueAtMs(toleranceMs)) : known.DueAtMs;
            open.Put(finding.Key, known with
            {
                Difference = difference,
                DueAtMs = dueAtMs,
                HeardAtMs = isHeardAnew ? finding.HeardAtMs : known.HeardAtMs,
            });
            if (dueAtMs != known.DueAtMs)
            {
                claims[known.Claim].Timers.Remove(known.DueAtMs, finding.Key);
                claims[known.Claim].Timers.Add(dueAtMs, finding.Key);
                claims[known.Claim].Await();
            }
        }
        return finding.Key;
    }

    /// <summary>The sides agree; false: they did before.</summary>
    /// <param name="what">What agrees.</param>
    /// <param name="how">What ended it, in words.</param>
    /// <param name="by">Who said what ended it; null: nobody whose lag is measured.</param>
    public bool End(in DifferenceKey what, string how, SaidBy? by = null)
    {
        var key = InForce(what);
        if (open.Get(key) is not { } known)
        {
            return false;
        }
        open.Delete(key);
        if (by is { } said && said.Side == known.Awaits && catalogue.Follows(key.Class))
        {
            Lags.Add(key.Class, "", known.Difference.SinceMs ?? said.AtMs, said.AtMs);
        }
        if (known.IsTold)
        {
            Forward(new Difference
            {
                MismatchId = known.Difference.MismatchId,
                Kind = DifferenceKind.Ended,
                Class = known.Difference.Class,
                Scope = known.Difference.Scope,
                Episode = known.Difference.Episode,
                AtMs = context.ClockMs,
                SinceMs = known.Difference.SinceMs,
                Ended = how,
            });
            return true;
        }
        claims[known.Claim].Timers.Remove(known.DueAtMs, key);
        claims[known.Claim].Await();
        if (known.Difference.SinceMs <= context.ClockMs)
        {
            instruments.TimingLag.Add(1, KeyValuePair.Create<string, object?>("class", key.Class.ToString()));
        }
        return true;
    }

    /// <summary>Says what became of a repair's command.</summary>
    public void Answer(string mismatchId, RepairAnswer answer) => Forward(new Difference
    {
        MismatchId = mismatchId,
        Kind = DifferenceKind.Answered,
        AtMs = context.ClockMs,
        Answer = answer,
    });

    // What is due by the watermark, a bounded piece; it is called again while more is.
    private void Pass(int number, long watermarkMs)
    {
        var claim = claims[number];
        foreach (var (dueAtMs, key) in claim.Timers.Until(watermarkMs - 1).Take(TimersPerCall).ToList())
        {
            claim.Timers.Remove(dueAtMs, key);
            if (open.Get(key) is { IsTold: false } due && due.DueAtMs == dueAtMs
                && Settle(key, due, watermarkMs) is { } settled)
            {
                Tell(key, settled, watermarkMs);
            }
        }
        claim.Await();
    }

    // Its tolerance follows the lag of the windows before it, which is known by now; null: it goes on being tolerated.
    private OpenDifference? Settle(in DifferenceKey key, OpenDifference due, long watermarkMs)
    {
        if (due.Followed is not { } followed)
        {
            return due;
        }
        var sinceMs = due.Difference.SinceMs!.Value;
        if (paired.Any(topic => context.WatermarkMs(topic) < LagBook.WindowOf(sinceMs)))
        {
            Postpone(key, due with { DueAtMs = watermarkMs + PairedWaitMs });
            return null;
        }
        var tolerance = Lags.Resolve(Tolerance.Of(followed), key.Class, "", sinceMs);
        var toleranceMs = (long)tolerance.Time.TotalMilliseconds;
        var settled = due with
        {
            DueAtMs = checked(Math.Max(sinceMs, due.HeardAtMs ?? sinceMs) + toleranceMs),
            Followed = null,
            Difference = due.Difference with
            {
                ToleranceMs = toleranceMs,
                ToleranceRule = tolerance.Rule,
                Lag = tolerance.Lag,
            },
        };
        if (settled.DueAtMs < watermarkMs)
        {
            return settled;
        }
        Postpone(key, settled);
        return null;
    }

    private void Postpone(in DifferenceKey key, OpenDifference difference)
    {
        open.Put(key, difference);
        claims[difference.Claim].Timers.Add(difference.DueAtMs, key);
    }

    private void Tell(in DifferenceKey key, OpenDifference difference, long watermarkMs)
    {
        var told = difference with
        {
            IsTold = true,
            Difference = difference.Difference with { AtMs = context.ClockMs, WatermarkMs = watermarkMs },
        };
        open.Put(key, told);
        Forward(told.Difference);
    }

    private void Forward(Difference difference) => context.Forward(
        new Record<string, object>(difference.MismatchId, DifferenceTexts.Fit(difference), difference.AtMs));

    // What stands already keeps its name, and since when.
    private Difference Describe(Finding finding, Difference? known) => new()
    {
        MismatchId = known?.MismatchId ?? MismatchIds.Of(finding.Key, finding.Episode),
        Kind = DifferenceKind.Stands,
        Class = finding.Key.Class.ToString(),
        Scope = new MismatchScope
        {
            Kind = finding.Key.Kind,
            Id = finding.Key.Id,
            PoolId = finding.PoolId,
            OrderRef = finding.OrderRef,
        },
        Episode = known?.Episode ?? finding.Episode,
        AtMs = context.ClockMs,
        SinceMs = known?.SinceMs ?? finding.SinceMs,
        WatermarkMs = known?.WatermarkMs,
        ToleranceMs = known?.ToleranceMs ?? (long)finding.Tolerance.Time.TotalMilliseconds,
        ToleranceRule = known?.ToleranceRule ?? finding.Tolerance.Rule,
        CatalogueVersion = known?.CatalogueVersion ?? catalogue.Version,
        Lag = known is null ? finding.Tolerance.Lag : known.Lag,
        Left = finding.Left,
        Right = finding.Right,
        Owner = finding.Owner,
        Repair = finding.Repair,
        NoRepairWhy = finding.NoRepairWhy,
        Choices = finding.Choices,
    };

    // Where it was read may move on without anybody saying anything new.
    private static bool SaysTheSame(Difference one, Difference other) =>
        one.Left?.Says == other.Left?.Says && one.Right?.Says == other.Right?.Says && Same(one.Repair, other.Repair);

    private static bool Same(RepairFacts? one, RepairFacts? other) => one is null || other is null
        ? ReferenceEquals(one, other)
        : one with { Payload = null } == other with { Payload = null };

    /// <summary>When differences are told that claim the silence of the same sources.</summary>
    private sealed record Claim(ITimeIndex<DifferenceKey> Timers, IWatermarkTimer Timer)
    {
        public void Await() => Timer.DueAtMs = Timers.TryPeek(out var dueAtMs, out _) ? dueAtMs : long.MaxValue;
    }
}
