using System.Diagnostics.Metrics;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Alloc.Web;

/// <summary>What was built, as a metric that is always 1 and says it in labels.</summary>
internal static class BuildInfo
{
    private static readonly Meter Meter = new("Alloc.Build");

    private static readonly Instrument Gauge = Meter.CreateObservableGauge(
        "alloc_build_info", Measure, null, "Always 1; what runs is in the labels.");

    /// <summary>Makes the metric; once for each process, however many instances it has.</summary>
    public static Instrument Publish() => Gauge;

    private static Measurement<int> Measure()
    {
        var version = typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion.Split('+') ?? ["0.0.0"];
        return new Measurement<int>(
            1,
            new("version", version[0]),
            new("revision", version.ElementAtOrDefault(1) ?? ""),
            new("runtime", RuntimeInformation.FrameworkDescription));
    }
}
