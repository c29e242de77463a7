using Alloc.Processors.Keys;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>
/// Keeps mismatches: each with its timer, in the lists that it belongs to, counted, and told to others. Lists, counts
/// and timers follow from what is kept, and change with it and nowhere else.
/// </summary>
internal sealed class MismatchBook(KeeperStores stores, Emit emit)
{
    /// <summary>How long the last episode of a class and scope is remembered.</summary>
    public static readonly TimeSpan EpisodeTime = TimeSpan.FromDays(90);

    /// <summary>Episodes that are remembered at most; the oldest are forgotten first.</summary>
    public const int MaximumEpisodes = 1_000_000;

    /// <summary>A mismatch, closed or not; null: none is kept.</summary>
    public KeptMismatch? Find(string mismatchId) => stores.Kept.Get(mismatchId);

    /// <summary>The mismatch of a class and scope that was closed last; null: none is remembered.</summary>
    public string? Previous(string className, MismatchScope scope) =>
        stores.Episodes.Get(new EpisodeKey(className, scope.Kind, scope.Id))?.MismatchId;

    /// <summary>Keeps what a step made of a mismatch, and tells it.</summary>
    /// <param name="before">How it was kept; null: it was not.</param>
    /// <param name="step">The step.</param>
    public void Save(KeptMismatch? before, MismatchStep step)
    {
        if (ReferenceEquals(before, step.Kept))
        {
            return;
        }
        var after = step.Kept with { TimerAtMs = MismatchTimers.NextAtMs(step.Kept) };
        stores.Kept.Put(after.Mismatch.MismatchId, after);
        SetTimer(before, after);
        List(before?.Mismatch, after.Mismatch);
        Count(before, after);
        if (MismatchLife.IsClosed(after.Mismatch))
        {
            RememberEpisode(after.Mismatch);
        }
        if (!ReferenceEquals(before?.Mismatch, after.Mismatch))
        {
            emit(MismatchTopology.Rows, ByKey(after.Mismatch.MismatchId), after.Mismatch, step.NowMs);
        }
        foreach (var told in step.Events)
        {
            Tell(told, after.Mismatch.MismatchId);
            if (MismatchTallies.ResultOf(told.Kind) is { } result)
            {
                var kind = (before?.Mismatch.Repair ?? after.Mismatch.Repair)?.Kind ?? RepairKind.Unknown;
                stores.Tally(new TallyKey(MismatchTallies.Repairs, kind.ToString(), result), 1);
            }
        }
    }

    /// <summary>Tells what happened, under the key that its readers look for.</summary>
    public void Tell(MismatchEvent told, string key) => emit(MismatchTopology.Events, ByKey(key), told, told.AtMs);

    /// <summary>Forgets a closed mismatch: its record is taken back.</summary>
    public void Forget(KeptMismatch kept, long nowMs)
    {
        var id = kept.Mismatch.MismatchId;
        stores.Kept.Delete(id);
        foreach (var facet in MismatchFacets.Of(kept.Mismatch))
        {
            stores.Open.Delete(KeyOf(facet, kept.Mismatch));
        }
        stores.Timers.Remove(kept.TimerAtMs!.Value, id);
        emit(MismatchTopology.Rows, ByKey(id), null, nowMs);
    }

    /// <summary>Forgets episodes of long ago, and the oldest where they are too many; a bounded number.</summary>
    public void ForgetEpisodes(long nowMs, int limit)
    {
        for (var n = 0; n < limit && stores.EpisodeEnds.TryPeek(out var endsAtMs, out var key); n++)
        {
            if (endsAtMs > nowMs && stores.Count(new TallyKey(MismatchTallies.Episodes)) <= MaximumEpisodes)
            {
                return;
            }
            stores.EpisodeEnds.Remove(endsAtMs, key);
            stores.Episodes.Delete(key);
            stores.Tally(new TallyKey(MismatchTallies.Episodes), -1);
        }
    }

    private static PartitionedKey ByKey(string key) => new(key);

    private void SetTimer(KeptMismatch? before, KeptMismatch after)
    {
        if (before?.TimerAtMs == after.TimerAtMs)
        {
            return;
        }
        if (before?.TimerAtMs is { } old)
        {
            stores.Timers.Remove(old, after.Mismatch.MismatchId);
        }
        if (after.TimerAtMs is { } next)
        {
            stores.Timers.Add(next, after.Mismatch.MismatchId);
        }
    }

    private void List(Mismatch? before, Mismatch after)
    {
        var line = MismatchFacets.LineOf(after);
        var facets = MismatchFacets.Of(after);
        IReadOnlyList<string> earlier = before is null ? [] : MismatchFacets.Of(before);
        foreach (var facet in earlier.Except(facets, StringComparer.Ordinal))
        {
            stores.Open.Delete(KeyOf(facet, after));
        }
        var isSame = before is not null && line == MismatchFacets.LineOf(before);
        foreach (var facet in isSame ? facets.Except(earlier, StringComparer.Ordinal) : facets)
        {
            stores.Open.Put(KeyOf(facet, after), line);
        }
    }

    private static OpenKey KeyOf(string facet, Mismatch row) =>
        new(facet, Severities.RankOf(row.Severity), row.OpenedAtMs, row.MismatchId);

    private void Count(KeptMismatch? before, KeptMismatch after)
    {
        List<TallyKey> earlier = before is null ? [] : [.. MismatchTallies.Of(before)];
        List<TallyKey> now = [.. MismatchTallies.Of(after)];
        foreach (var key in earlier.Except(now))
        {
            stores.Tally(key, -1);
        }
        foreach (var key in now.Except(earlier))
        {
            stores.Tally(key, 1);
        }
    }

    private void RememberEpisode(Mismatch row)
    {
        var key = new EpisodeKey(row.Class, row.Scope.Kind, row.Scope.Id);
        if (stores.Episodes.Get(key) is { } last)
        {
            stores.EpisodeEnds.Remove(EndOf(last.ClosedAtMs), key);
        }
        else
        {
            stores.Tally(new TallyKey(MismatchTallies.Episodes), 1);
        }
        stores.Episodes.Put(
            key, new ClosedEpisode { MismatchId = row.MismatchId, ClosedAtMs = row.ClosedAtMs!.Value });
        stores.EpisodeEnds.Add(EndOf(row.ClosedAtMs.Value), key);
    }

    private static long EndOf(long closedAtMs) => checked(closedAtMs + (long)EpisodeTime.TotalMilliseconds);
}

/// <summary>Hands a record to a sink.</summary>
/// <param name="sink">The node before the sink.</param>
/// <param name="key">Key, and where it says so the partition.</param>
/// <param name="value">The record; null takes back what the key had.</param>
/// <param name="atMs">Its timestamp.</param>
internal delegate void Emit(string sink, PartitionedKey key, object? value, long atMs);
