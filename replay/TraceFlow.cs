namespace Alloc.Replay;

/// <summary>
/// Walks through a trace in the order of its own time: an item holds its share of each pool when it begins, confirms
/// it, uses it and gives it back. Where one share is refused or lost, the others are released as one group.
/// </summary>
internal sealed class TraceFlow : IReplayFlow
{
    /// <summary>
    /// Steps under way at most that give something back: what they free belongs before what asks for it later.
    /// </summary>
    private const int MaximumFreeing = 24;

    private readonly TracePlan plan;
    private readonly string run;
    private readonly TimeSpan ttl;
    private readonly Action<ReplayIntent, Action<ReplayAnswer>> send;
    private readonly List<Step> steps = [];
    private readonly ItemState[] states;
    private readonly Dictionary<string, int> byId = new(StringComparer.Ordinal);
    private readonly bool isGrouped;
    private int next;
    private int freeing;
    private long begunRow = 1;
    private bool isOpen;
    private long refused;
    private long aborted;

    /// <param name="plan">What to do.</param>
    /// <param name="run">The beginning of each command id.</param>
    /// <param name="ttl">Life of a hold.</param>
    /// <param name="send">Takes a command and, later, calls back with its answer.</param>
    public TraceFlow(TracePlan plan, string run, TimeSpan ttl, Action<ReplayIntent, Action<ReplayAnswer>> send)
    {
        this.plan = plan;
        this.run = run;
        this.ttl = ttl;
        this.send = send;
        states = new ItemState[plan.Items.Count];
        for (var i = 0; i < states.Length; i++)
        {
            var item = plan.Items[i];
            states[i] = new ItemState();
            byId.Add(item.Id, i);
            isGrouped |= item.Shares.Count > 1;
            steps.Add(new Step(item.BeginsAt, StepKind.Begin, i));
            if (item.ConfirmedAt is { } confirmedAt)
            {
                steps.Add(new Step(confirmedAt, StepKind.Confirm, i));
            }
            var isShort = item.EndsAt == (item.ConfirmedAt ?? item.BeginsAt);
            steps.Add(new Step(item.EndsAt, isShort ? StepKind.EndAtOnce : StepKind.End, i));
        }
        steps.Sort();
        BeganAt = steps.Count == 0 ? default : steps[0].At;
    }

    /// <inheritdoc/>
    public bool IsAtEnd => next == steps.Count && isOpen;

    /// <inheritdoc/>
    public bool MustWait => freeing >= MaximumFreeing;

    /// <inheritdoc/>
    public DateTime BeganAt { get; }

    /// <inheritdoc/>
    public DateTime? NextAt => isOpen && next < steps.Count ? steps[next].At : null;

    /// <inheritdoc/>
    public long LinesBegun => IsAtEnd ? plan.LineCount : begunRow - 1;

    /// <inheritdoc/>
    public string Moment => next == 0 ? "start" : $"{steps[next - 1].At - BeganAt:d\\.hh\\:mm\\:ss}";

    /// <inheritdoc/>
    public IReadOnlyList<string> Lapsing => [];

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, long>> Counts() =>
    [
        KeyValuePair.Create("itemsRefused", refused), KeyValuePair.Create("itemsLostLater", aborted),
    ];

    /// <inheritdoc/>
    public void Advance()
    {
        if (!isOpen)
        {
            isOpen = true;
            OpenPools();
            return;
        }
        var step = steps[next++];
        switch (step.Kind)
        {
            case StepKind.Begin:
                begunRow = Math.Max(begunRow, plan.Items[step.Item].Row);
                Begin(step.Item);
                break;
            case StepKind.Confirm:
                var frees = plan.Items[step.Item].Shares.Any(s => s.Used < s.Held) ? 1 : 0;
                freeing += frees;
                WhenIdle(step.Item, () => Confirm(step.Item, frees));
                break;
            default:
                freeing++;
                WhenIdle(step.Item, () => End(step.Item));
                break;
        }
    }

    /// <summary>Every item of a trace ends by itself.</summary>
    public void Finish()
    {
    }

    /// <inheritdoc/>
    public void Lose(string poolId, string reservationId)
    {
        if (!byId.TryGetValue(reservationId, out var index))
        {
            return;
        }
        var state = states[index];
        state.IsLost = true;
        if (state is { Stage: Stage.Held or Stage.Confirmed, IsBusy: false })
        {
            Abort(index);
        }
    }

    private void OpenPools()
    {
        foreach (var pool in plan.Pools)
        {
            send(
                new ReplayIntent.Configure($"{run}/{pool.Id}/configure", pool.Id, pool.Unit, IsCapacity: true), Ignore);
            send(new ReplayIntent.OpeningStock($"{run}/{pool.Id}/opening", pool.Id, pool.Capacity), Ignore);
        }
    }

    private void Begin(int index)
    {
        var item = plan.Items[index];
        Each(
            index,
            share => new ReplayIntent.Hold(
                Id(item, share, "hold"), share.Pool, item.Id, null, [(item.Id, share.Held)], ttl)
            {
                Channel = item.Channel,
                GroupId = isGrouped ? item.Id : null,
            },
            allApplied =>
            {
                states[index].Stage = Stage.Held;
                if (!allApplied)
                {
                    refused++;
                    states[index].Stage = Stage.Over;
                    if (isGrouped)
                    {
                        ReleaseAll(index, GroupAborted);
                    }
                }
                else if (states[index].IsLost)
                {
                    Abort(index);
                }
            });
    }

    private void Confirm(int index, int frees)
    {
        var item = plan.Items[index];
        if (states[index].Stage != Stage.Held)
        {
            freeing -= frees;
            return;
        }
        Each(
            index,
            share => new ReplayIntent.Confirm(Id(item, share, "confirm"), share.Pool, item.Id, share.Used)
            {
                Channel = item.Channel,
            },
            allApplied =>
            {
                freeing -= frees;
                states[index].Stage = Stage.Confirmed;
                if (!allApplied || states[index].IsLost)
                {
                    Abort(index);
                }
            });
    }

    private void End(int index)
    {
        var item = plan.Items[index];
        var stage = states[index].Stage;
        states[index].Stage = Stage.Over;
        if (stage == Stage.Held)
        {
            Each(index, share => Release(item, share, "end", "withdrawn"), _ => freeing--);
        }
        else if (stage == Stage.Confirmed)
        {
            Each(
                index,
                share =>
                [
                    new ReplayIntent.Consume(
                        Id(item, share, "use"), share.Pool, item.Id, share.Used, item.EndsAt)
                    {
                        Channel = item.Channel,
                    },
                    new ReplayIntent.Return(
                        Id(item, share, "return"), share.Pool, item.Id, share.Used, IsDamaged: false)
                    {
                        Channel = item.Channel,
                    },
                ],
                _ => freeing--);
        }
        else
        {
            freeing--;
        }
    }

    private void Abort(int index)
    {
        aborted++;
        ReleaseAll(index, isGrouped ? GroupAborted : "lost");
    }

    private void ReleaseAll(int index, string why)
    {
        states[index].Stage = Stage.Over;
        var item = plan.Items[index];
        Each(index, share => Release(item, share, "abort", why), static _ => { });
    }

    private ReplayIntent.Release Release(TraceItem item, TraceShare share, string step, string why) =>
        new(Id(item, share, step), share.Pool, item.Id, null, why) { IsWhole = true, Channel = item.Channel };

    private void Each(int index, Func<TraceShare, ReplayIntent> write, Action<bool> whenAnswered) =>
        Each(index, share => (ReplayIntent[])[write(share)], whenAnswered);

    /// <summary>Sends the commands for each share; the item is busy until all are answered.</summary>
    private void Each(int index, Func<TraceShare, ReplayIntent[]> write, Action<bool> whenAnswered)
    {
        var state = states[index];
        var intents = plan.Items[index].Shares.SelectMany(write).ToList();
        var allApplied = true;
        state.Unanswered = intents.Count;
        foreach (var intent in intents)
        {
            send(intent, answer =>
            {
                allApplied &= answer.IsApplied;
                if (--state.Unanswered == 0)
                {
                    whenAnswered(allApplied);
                    Resume(state);
                }
            });
        }
    }

    private static void WhenIdle(ItemState state, Action act)
    {
        if (state.IsBusy)
        {
            state.Waiting.Enqueue(act);
        }
        else
        {
            act();
        }
    }

    private void WhenIdle(int index, Action act) => WhenIdle(states[index], act);

    private static void Resume(ItemState state)
    {
        while (!state.IsBusy && state.Waiting.TryDequeue(out var act))
        {
            act();
        }
    }

    private string Id(TraceItem item, TraceShare share, string step) => $"{run}/{item.Id}/{share.Pool}/{step}";

    private static void Ignore(ReplayAnswer answer)
    {
    }

    private const string GroupAborted = "GroupAborted";

    private enum StepKind : byte
    {
        /// <summary>Ends come first at one time: what they free can be asked for.</summary>
        End,
        Begin,
        Confirm,

        /// <summary>The end of an item that began, or was confirmed, at that very time.</summary>
        EndAtOnce,
    }

    private enum Stage : byte
    {
        Asked,
        Held,
        Confirmed,
        Over,
    }

    private readonly record struct Step(DateTime At, StepKind Kind, int Item) : IComparable<Step>
    {
        public int CompareTo(Step other) =>
            (At, Kind, Item).CompareTo((other.At, other.Kind, other.Item));
    }

    private sealed class ItemState
    {
        public Stage Stage { get; set; }

        public int Unanswered { get; set; }

        public bool IsLost { get; set; }

        public bool IsBusy => Unanswered > 0;

        public Queue<Action> Waiting { get; } = new();
    }
}
