using System.Globalization;
using Engine.Tests.Support;

namespace Engine.Tests.Joins;

/// <summary>
/// What a join does, said with lists and without any thought for speed: every record ever, looked through whole.
/// </summary>
internal sealed class NaiveJoin(JoinCase @case) : INaiveModel
{
    private readonly List<Waiting> waiting = [];
    private readonly List<string> results = [];
    private List<Waiting> committed = [];

    private long BeforeMs => (long)@case.Windows.Before.TotalMilliseconds;

    private long AfterMs => (long)@case.Windows.After.TotalMilliseconds;

    private long GraceMs => (long)@case.Windows.Grace.TotalMilliseconds;

    private bool LeftIsOuter => @case.Type != JoinType.Inner;

    private bool RightIsOuter => @case.Type == JoinType.Outer;

    public int ResultCount => results.Count;

    public List<string> Commit()
    {
        var taken = results.ToList();
        results.Clear();
        committed = waiting.ConvertAll(w => w with { });
        return taken;
    }

    public void Drop()
    {
        results.Clear();
        waiting.Clear();
        waiting.AddRange(committed.Select(w => w with { }));
    }

    public void Process(NaiveSource source, HistoryRecord record)
    {
        var (isRight, knownMs) = (source.IsRight, source.KnownMs);
        var (key, value, timestampMs) = record;
        if (value is null)
        {
            return;
        }
        var isOuter = isRight ? RightIsOuter : LeftIsOuter;
        if (key is null)
        {
            if (isOuter)
            {
                Emit(null, isRight ? null : value, isRight ? value : null, timestampMs);
            }
            return;
        }
        if (knownMs != long.MinValue && timestampMs < knownMs - GraceMs)
        {
            results.Add(string.Create(
                CultureInfo.InvariantCulture, $"{(isRight ? "late-right" : "late-left")} {key} {value} {timestampMs}"));
            return;
        }
        var own = new Waiting(isRight, key, value, timestampMs, isRight
            ? timestampMs + BeforeMs
            : Math.Min(@case.WindowEndMs(value, timestampMs), timestampMs + AfterMs))
        {
            IsTruncated = !isRight && @case.WindowEndMs(value, timestampMs) > timestampMs + AfterMs,
        };
        foreach (var other in waiting.Where(w => w.IsRight != isRight && w.Key == key && !w.IsGone))
        {
            var (left, right) = isRight ? (other, own) : (own, other);
            if (right.TimestampMs >= left.TimestampMs - BeforeMs && right.TimestampMs <= left.EndMs)
            {
                left.IsMatched = right.IsMatched = true;
                Emit(key, left.Value, right.Value, Math.Max(left.TimestampMs, right.TimestampMs));
            }
        }
        waiting.Add(own);
    }

    public void Know(Func<string, long> knownMs, long nowMs, Func<string, bool> isConcerned)
    {
        var leftClaimedMs = (@case.LeftClaims ?? @case.RightSources).Min(knownMs);
        var rightClaimedMs = (@case.RightClaims ?? @case.LeftSources).Min(knownMs);
        foreach (var record in waiting.Where(w => isConcerned(w.Key)))
        {
            var claimedMs = record.IsRight ? rightClaimedMs : leftClaimedMs;
            if (record.IsGone || record.IsMatched || claimedMs <= record.EndMs + GraceMs
                || !(record.IsRight ? RightIsOuter : LeftIsOuter))
            {
                continue;
            }
            record.IsGone = true;
            Emit(record.Key, record.IsRight ? null : record.Value, record.IsRight ? record.Value : null, nowMs,
                record.IsTruncated);
        }
    }

    private void Emit(string? key, string? left, string? right, long timestampMs, bool isTruncated = false) =>
        results.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"out {key ?? "null"} {JoinCase.Describe(left, right, isTruncated)} {timestampMs}"));

    private sealed record Waiting(bool IsRight, string Key, string Value, long TimestampMs, long EndMs)
    {
        public bool IsTruncated { get; init; }

        public bool IsMatched { get; set; }

        public bool IsGone { get; set; }
    }
}
