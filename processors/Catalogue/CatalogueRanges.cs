using Alloc.Processors.Records;

namespace Alloc.Processors.Catalogue;

/// <summary>What a field of a catalogue may hold at most. Times in milliseconds.</summary>
internal static class CatalogueRanges
{
    public const int Stages = 100;
    public const int Modes = 50;
    public const int Effects = 200;
    public const int Services = 50;
    public const int Pools = 100;
    public const int PriorityClasses = 100;
    public const int ShadowRules = 200;
    public const int DecisionWords = 50;
    public const int RepairCap = 100_000;

    /// <summary>Longest id, in characters: it becomes a key and a label.</summary>
    public const int IdLength = TextBounds.Name;

    public const long Second = 1_000;
    public const long Day = 24 * 3_600 * Second;

    /// <summary>No time in a catalogue is longer: open work is kept as long.</summary>
    public const long Longest = 30 * Day;

    /// <summary>How long a mode stays as it is, where its row does not say.</summary>
    public const long DwellMs = 300 * Second;
}
