namespace Alloc.Engine.Runtime;

/// <summary>
/// Lets an application stand back while others in the process come first: its threads then work a share of the time,
/// and rest in between with nothing under way.
/// </summary>
/// <param name="IsWanted">
/// Whether others come first now. Asked by every thread up to fifty times a second; must return at once, not throw.
/// </param>
/// <param name="Share">The share of the time that a thread works while they do; 0.001 to 1.</param>
/// <remarks>
/// Priorities alone do not do it: whoever waits for a core in the middle of its work holds up the garbage collector,
/// the broker and the client that it shares with those who come first.
/// </remarks>
public sealed record StandingBack(Func<bool> IsWanted, double Share)
{
    /// <summary>How long to rest after work.</summary>
    internal TimeSpan RestAfter(TimeSpan worked) => worked * ((1 / Share) - 1);
}
