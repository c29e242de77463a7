namespace Alloc.Processors.Workflow.Definition;

/// <summary>What a field of a definition may hold at most. Times in milliseconds.</summary>
internal static class DefinitionRanges
{
    public const int Segments = 50;
    public const int Attributes = 32;
    public const int Values = 100;
    public const int Mappings = 1_000;
    public const int Migrations = 100;
    public const int PaymentTries = 10;
    public const int CompensationTries = 8;
    public const int Factor = 100;
    public const int Reauthorisations = 3;
    public const int Reviewers = 100_000;
    public const int Score = 100;

    /// <summary>Letters of a currency.</summary>
    public const int CurrencyLength = 3;

    public const long Second = 1_000;
    public const long Day = 24 * 3_600 * Second;

    /// <summary>No order waits longer for anything.</summary>
    public const long Longest = 90 * Day;
}
