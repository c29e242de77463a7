namespace Alloc.Engine.Watermarks;

/// <summary>Up to when a source partition of this instance is known, and what holds that back.</summary>
/// <param name="Topic">The source topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="WatermarkMs">The watermark, milliseconds since 1970 UTC; null while nothing is known.</param>
/// <param name="Lag">
/// How far it is behind the broker's clock; before anything is known, how long the task has waited for it.
/// </param>
/// <param name="SinceMs">
/// The broker's clock when it moved last, milliseconds since 1970 UTC; null while its task is not ready.
/// </param>
/// <param name="HeldBy">What holds it back, in words; null where nothing does.</param>
public sealed record WatermarkStatus(
    string Topic, int Partition, long? WatermarkMs, TimeSpan Lag, long? SinceMs, string? HeldBy);
