namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>What a field of a document may hold at most. Times in milliseconds.</summary>
internal static class PolicyRanges
{
    public const int Classes = 100;
    public const int ClassMappings = 1_000;
    public const int Attributes = 32;
    public const int CurveSteps = 100;
    public const int OverbookingPercent = 1_000;
    public const int Extensions = 1_000_000;
    public const int Waiters = 1_000_000;
    public const int Victims = 10_000;
    public const long Units = long.MaxValue;
    public const long Second = 1_000;
    public const long Day = 24 * 3_600 * Second;

    /// <summary>No time in a policy is longer: added to a date it stays a date.</summary>
    public const long Longest = 3_660 * Day;
}
