namespace Alloc.Engine.Watermarks;

/// <summary>
/// Calls back once the watermark of everything that it claims has passed a time: whoever has come by then, nobody else
/// will, but for late ones.
/// </summary>
public interface IWatermarkTimer
{
    /// <summary>
    /// The least watermark of the sources that it claims, milliseconds since 1970 UTC; <see cref="long.MinValue"/>
    /// while one of them is not known.
    /// </summary>
    long WatermarkMs { get; }

    /// <summary>
    /// The time that is waited for: the call comes between two records as soon as <see cref="WatermarkMs"/> is greater,
    /// and again until this is set to a later time. <see cref="long.MaxValue"/>, as at first, for none.
    /// </summary>
    long DueAtMs { get; set; }
}
