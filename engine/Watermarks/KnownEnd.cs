namespace Alloc.Engine.Watermarks;

/// <summary>
/// Where a partition ended when the broker's clock was known to be at least at a time. It holds for good: whoever has
/// processed the partition to there has all that came before that time.
/// </summary>
/// <param name="ClockMs">
/// The broker's clock, milliseconds since 1970 UTC, as it was read before the end was asked for.
/// </param>
/// <param name="Offset">The high watermark that the broker answered then.</param>
internal readonly record struct KnownEnd(long ClockMs, long Offset);
