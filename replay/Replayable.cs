namespace Alloc.Replay;

/// <summary>A file turned into a plan that a session can run.</summary>
internal sealed record Replayable
{
    /// <summary>Name of the run, the beginning of each command id: format and seed.</summary>
    public required string Run { get; init; }

    /// <summary>The service in whose name commands are sent.</summary>
    public required string Service { get; init; }

    /// <summary>The source that reports the supply of the pools.</summary>
    public required string Source { get; init; }

    /// <summary>Lines of the file that are replayed or rejected.</summary>
    public required long LineCount { get; init; }

    /// <summary>Lines that are not replayed, by reason.</summary>
    public required IReadOnlyDictionary<RejectReason, long> Rejected { get; init; }

    /// <summary>What the file does not say and the seed draws, in words.</summary>
    public required string Invented { get; init; }

    /// <summary>Begins a walk; the callback takes a command and, later, calls back with its answer.</summary>
    public required Func<Action<ReplayIntent, Action<ReplayAnswer>>, IReplayFlow> CreateFlow { get; init; }
}
