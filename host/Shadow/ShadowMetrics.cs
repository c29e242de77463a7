using System.Diagnostics.Metrics;

namespace Alloc.Host.Shadow;

/// <summary>What shows the other system's decision, and how the shadow's compares with it.</summary>
internal readonly record struct ShadowAgreement(string Evidence, ShadowResult Result)
{
    /// <summary>The evidence of an answer to the same command.</summary>
    public const string Decision = "Decision";

    /// <summary>Every one that can be counted.</summary>
    public static IReadOnlyList<ShadowAgreement> All { get; } =
    [
        .. Enum.GetValues<ShadowResult>().Select(r => new ShadowAgreement(Decision, r)),
        .. new[] { "Consumed", "Imported" }.SelectMany(e =>
            new[] { ShadowResult.Match, ShadowResult.Unclassified }.Select(r => new ShadowAgreement(e, r))),
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
            c.Value, new KeyValuePair<string, object?>("class", c.Key.Result.ToString()),
            new KeyValuePair<string, object?>("evidence", c.Key.Evidence))),
        null,
        "Decisions of the shadow, by what shows the other system's and whether they agree.");

    public void Dispose() => meter.Dispose();
}
