using System.Diagnostics.Metrics;
using Alloc.Processors.Shadow.Differences;

namespace Alloc.Host.Shadow;

/// <summary>What shows the other system's decision, and how the shadow's compares with it.</summary>
internal readonly record struct ShadowAgreement(ShadowEvidence Evidence, ShadowClass Class)
{
    /// <summary>Every one that can be counted; units that were given are always on the log.</summary>
    public static IReadOnlyList<ShadowAgreement> All { get; } =
    [
        .. Enum.GetValues<ShadowEvidence>().SelectMany(evidence => Enum.GetValues<ShadowClass>()
            .Where(c => c != ShadowClass.NotOnLog || evidence == ShadowEvidence.Decision)
            .Select(c => new ShadowAgreement(evidence, c))),
    ];
}

/// <summary>The instrument of the shadow; listed also where no shadow is.</summary>
internal sealed class ShadowMetrics : IDisposable
{
    /// <summary>Where no shadow is.</summary>
    public static readonly IReadOnlyDictionary<ShadowAgreement, long> None = new Dictionary<ShadowAgreement, long>();

    private readonly Meter meter = new("Alloc.Shadow");

    public ShadowMetrics(Func<IReadOnlyDictionary<ShadowAgreement, long>> counts) => meter.CreateObservableCounter(
        "alloc_shadow_decisions",
        () => counts().Select(c => new Measurement<long>(
            c.Value, new KeyValuePair<string, object?>("class", c.Key.Class.ToString()),
            new KeyValuePair<string, object?>("evidence", c.Key.Evidence.ToString()))),
        null,
        "Decisions of the shadow, by what shows the other system's and the class of the difference.");

    public void Dispose() => meter.Dispose();
}
