namespace Alloc.Replay;

/// <summary>
/// Walks through a plan: which command comes next, given the answers so far. Knows neither Kafka nor a clock.
/// </summary>
internal interface IReplayFlow
{
    /// <summary>Whether every step was begun; answers may still be missing.</summary>
    bool IsAtEnd { get; }

    /// <summary>Whether the next step has to wait for answers: what they free belongs before it.</summary>
    bool MustWait { get; }

    /// <summary>When the first step happened, in the file's own time.</summary>
    DateTime BeganAt { get; }

    /// <summary>When the next step happens, in the file's own time; null where it is tied to no time.</summary>
    DateTime? NextAt { get; }

    /// <summary>Lines of the file that were begun.</summary>
    long LinesBegun { get; }

    /// <summary>Where in the file's time the replay is, for people.</summary>
    string Moment { get; }

    /// <summary>Reservations granted and left to expire.</summary>
    IReadOnlyList<string> Lapsing { get; }

    /// <summary>Begins the next step of the plan.</summary>
    void Advance();

    /// <summary>Does what is left to do at the end of the file.</summary>
    void Finish();

    /// <summary>A reservation lost what it held without having asked: it expired or was preempted.</summary>
    void Lose(string poolId, string reservationId);

    /// <summary>Counts of the walk itself, by name, for the summary.</summary>
    IEnumerable<KeyValuePair<string, long>> Counts();
}
