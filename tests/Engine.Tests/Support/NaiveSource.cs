namespace Engine.Tests.Support;

/// <summary>A record of a history as it was written.</summary>
internal sealed record HistoryRecord(string? Key, string? Value, long TimestampMs);

/// <summary>
/// A source partition, and up to when it is known, said without the engine: by the records that were processed, and by
/// the ends of the log that were told and are reached.
/// </summary>
/// <param name="topic">The topic.</param>
/// <param name="isRight">The side that it belongs to.</param>
/// <param name="isToldByRecords">False where timestamps tell nothing: a group of ours writes it.</param>
internal sealed class NaiveSource(string topic, bool isRight, bool isToldByRecords)
{
    /// <summary>As the engine has it: of more ends the newest takes the place of the one before it.</summary>
    private const int EndLimit = 16;

    /// <summary>Brokers' clocks may differ by so much.</summary>
    private const long SkewMs = 5_000;

    private readonly List<(long AtMs, int End)> ends = [];
    private long committedMs = long.MinValue;
    private int committed;

    public string Topic => topic;

    public bool IsRight => isRight;

    public List<HistoryRecord> Log { get; } = [];

    public bool IsPaused { get; set; }

    /// <summary>Records that were processed.</summary>
    public int Processed { get; private set; }

    /// <summary>Whether a record may be processed.</summary>
    public bool HasNext => !IsPaused && Processed < Log.Count;

    public HistoryRecord Next => Log[Processed];

    /// <summary>Nothing older comes, but for late records; <see cref="long.MinValue"/> for nothing known.</summary>
    public long KnownMs { get; private set; } = long.MinValue;

    /// <summary>The next record was processed.</summary>
    public void Take()
    {
        if (isToldByRecords)
        {
            KnownMs = Math.Max(KnownMs, Next.TimestampMs - SkewMs);
        }
        Processed++;
    }

    /// <summary>The log's end is told at a time.</summary>
    public void TellEnd(long nowMs)
    {
        if (ends.Count > 0 && ends[^1].AtMs >= nowMs)
        {
            return;
        }
        if (ends.Count == EndLimit)
        {
            ends.RemoveAt(EndLimit - 1);
        }
        ends.Add((nowMs, Log.Count));
    }

    /// <summary>Ends that are reached prove the times that they were told at.</summary>
    public void Reach()
    {
        foreach (var (atMs, _) in ends.Where(e => e.End <= Processed))
        {
            KnownMs = Math.Max(KnownMs, atMs - SkewMs);
        }
        ends.RemoveAll(e => e.End <= Processed);
    }

    /// <summary>What is known, and how far it is read, is in the log.</summary>
    public void Commit()
    {
        committedMs = KnownMs;
        committed = Processed;
    }

    /// <summary>
    /// Begins anew with what was committed. What silence proved and nothing was done by may be lost or not; that no
    /// more is lost than that, and nothing is invented, is told by the two bounds.
    /// </summary>
    /// <param name="engineMs">What the engine says of itself.</param>
    public void BeginAnew(long engineMs)
    {
        if (engineMs < committedMs || engineMs > KnownMs)
        {
            throw new Xunit.Sdk.XunitException(
                $"{topic} was known to {KnownMs} and to {committedMs} at its last commit, but to {engineMs} after it "
                + "began anew");
        }
        ends.Clear();
        KnownMs = engineMs;
        Processed = committed;
    }
}
