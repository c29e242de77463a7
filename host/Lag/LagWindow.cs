namespace Alloc.Host.Lag;

/// <summary>A group in one partition at one time.</summary>
/// <param name="AtMs">When, milliseconds since 1970 UTC.</param>
/// <param name="Position">The committed offset; −1 for none.</param>
/// <param name="Lag">Offsets from there to the end; below zero where it lies beyond the end.</param>
internal readonly record struct LagSample(long AtMs, long Position, long Lag);

/// <summary>
/// What was seen of a group in one partition, as far back as a window reaches, and how it is judged: by the rules of
/// Burrow (LinkedIn's "Consumer Lag Evaluation Rules"), in this order.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>Nothing waits now: ok.</item>
/// <item>The offset fell between two looks: rewind. Burrow first asks whether the lag was ever zero; here a group that
/// had caught up and was set back is told too, for its effects repeat.</item>
/// <item>The lag was zero at any look of the window: ok.</item>
/// <item>The offset is the same at every look: stop where nobody has the partition, stall where somebody has. Burrow
/// sees commits, and says stop where none came for as long as they came before, stall where they repeat the offset;
/// an offset that is asked for does not tell commits that repeat it, who is in the group does.</item>
/// <item>The lag fell between no two looks: warn.</item>
/// <item>Else: ok.</item>
/// </list>
/// Only the first two are said before the window is full. An offset beyond the end for a whole window is a warn: the
/// topic was made anew, or lost records.
/// </remarks>
internal sealed class LagWindow(long spanMs)
{
    private const int FewestSamples = 3;

    /// <summary>Where looks come faster than that, not each of them is kept.</summary>
    private const int MostSamples = 240;

    private readonly List<LagSample> samples = [];

    /// <summary>
    /// Since when the offset stands while records wait, milliseconds since 1970 UTC; moves on while neither is so.
    /// </summary>
    public long StandsSinceMs { get; private set; }

    /// <summary>Whether the offset moved within the window.</summary>
    public bool HasMoved => samples.Exists(s => s.Position != samples[0].Position);

    /// <summary>How many looks are kept.</summary>
    public int SampleCount => samples.Count;

    private bool IsFull => samples.Count >= FewestSamples && samples[^1].AtMs - samples[0].AtMs >= spanMs;

    /// <summary>Notes what was seen; looks whose time is not after the last one's are left out.</summary>
    public void Add(LagSample sample)
    {
        if (samples.Count > 0 && sample.AtMs <= samples[^1].AtMs)
        {
            return;
        }
        if (samples.Count == 0 || samples[^1].Position != sample.Position || sample.Lag <= 0)
        {
            StandsSinceMs = sample.AtMs;
        }
        samples.Add(sample);
        while (samples.Count > FewestSamples && samples[1].AtMs <= sample.AtMs - spanMs)
        {
            samples.RemoveAt(0);
        }
        if (samples.Count > MostSamples)
        {
            // What fell or rose between its neighbours still did.
            samples.RemoveAt(samples.Count / 2);
        }
    }

    /// <summary>Judges by the rules.</summary>
    /// <param name="isOwned">Whether a member of the group has the partition.</param>
    public ConsumerStatus Judge(bool isOwned)
    {
        if (samples.Count == 0)
        {
            return ConsumerStatus.Unknown;
        }
        if (samples[^1].Lag < 0)
        {
            return !IsFull ? ConsumerStatus.Unknown
                : samples.TrueForAll(s => s.Lag < 0) ? ConsumerStatus.Warn : ConsumerStatus.Ok;
        }
        if (samples[^1].Lag == 0)
        {
            return ConsumerStatus.Ok;
        }
        if (Between((before, after) => after.Position < before.Position))
        {
            return ConsumerStatus.Rewind;
        }
        if (!IsFull)
        {
            return ConsumerStatus.Unknown;
        }
        if (samples.Exists(s => s.Lag <= 0))
        {
            return ConsumerStatus.Ok;
        }
        if (!HasMoved)
        {
            return isOwned ? ConsumerStatus.Stall : ConsumerStatus.Stop;
        }
        return Between((before, after) => after.Lag < before.Lag) ? ConsumerStatus.Ok : ConsumerStatus.Warn;
    }

    private bool Between(Func<LagSample, LagSample, bool> isSo)
    {
        for (var i = 1; i < samples.Count; i++)
        {
            if (isSo(samples[i - 1], samples[i]))
            {
                return true;
            }
        }
        return false;
    }
}
