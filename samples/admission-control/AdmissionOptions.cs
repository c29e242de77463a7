namespace Alloc.Samples.AdmissionControl;

/// <summary>How much is asked of Alloc at once, and when it is left alone.</summary>
internal sealed record AdmissionOptions
{
    /// <summary>Commands under way at once, at least 1.</summary>
    public int Permits { get; init; } = 8;

    /// <summary>Commands that wait for a permit, 0 or more; what comes then is turned away at once.</summary>
    public int QueueCount { get; init; } = 16;

    /// <summary>
    /// How long an answer is of use. It is in the command: one that reaches the log later is refused by the ledger.
    /// </summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The pause before the first retry; it doubles, with jitter, up to <see cref="LongestPause"/>.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause between two attempts.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>An answer that took longer counts as a failure of the circuit, although it is one.</summary>
    public TimeSpan SlowAfter { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How long nothing is sent once half of the attempts failed; then one attempt is made. At least 0.5 s.
    /// </summary>
    public TimeSpan Break { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an answer is kept for callers who ask the same again; longer than they do.</summary>
    public TimeSpan KeepAnswers { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>When who was turned away may come again; it spreads that by itself.</summary>
    public TimeSpan ComeAgain { get; init; } = TimeSpan.FromMilliseconds(250);
}
