namespace Alloc.Processors.Backlog.Waiting;

/// <summary>What was found of the holds of a stage that are at risk.</summary>
/// <param name="AtMs">When.</param>
/// <param name="Count">How many there are.</param>
/// <param name="FirstAtMs">When the first of them expires; null: there are none.</param>
/// <param name="Cells">Cells that were looked at.</param>
/// <param name="Unnamed">The first cells in which some are not named, those that expire first in front.</param>
internal sealed record RiskSurvey(
    long AtMs, long Count, long? FirstAtMs, int Cells, IReadOnlyList<CellKey> Unnamed)
{
    /// <summary>The longest that a survey counts for.</summary>
    public const long LongestMs = 10_000;

    /// <summary>Cells for each of which the next survey is put off by a second; fewer cost next to nothing.</summary>
    public const int CellsPerSecond = 40_000;

    /// <summary>
    /// Whether it is time for another: that is so every second, and less often where there are so many cells that the
    /// partition would be busy with nothing else.
    /// </summary>
    public bool IsOver(long nowMs) => nowMs < AtMs
        || nowMs - AtMs >= Math.Min(LongestMs, Cells / CellsPerSecond * 1_000L);
}
