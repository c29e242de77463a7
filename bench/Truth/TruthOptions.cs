namespace Alloc.Bench.Truth;

/// <summary>How the proof of reconciliation is run.</summary>
internal sealed record TruthOptions
{
    /// <summary>How long orders come. The whole year takes an hour: less plays the beginning of it at the same
    /// rate.</summary>
    public required TimeSpan Time { get; init; }

    /// <summary>The share of things that each kind of fault befalls, from 0 to 1.</summary>
    public double FaultShare { get; init; }

    /// <summary>How often a process is killed, about; null: never.</summary>
    public TimeSpan? KillEvery { get; init; }

    public long Seed { get; init; } = 1;

    /// <summary>The retail year; null: a synthetic one of the same shape.</summary>
    public string? Data { get; init; }

    /// <summary>Whether a difference may stand for a second instead of what is shipped.</summary>
    public bool IsShort { get; init; }
}
