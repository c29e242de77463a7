using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Alloc.Host.Metrics;

/// <summary>
/// Sends the same instruments to a collector that speaks OpenTelemetry's protocol (OTLP over HTTP, protobuf), under
/// their own names and units. What else OpenTelemetry's exporter can be told, such as headers and the interval, it
/// takes from its own environment variables (<c>OTEL_*</c>).
/// </summary>
internal static class OtlpMetrics
{
    private const string MetricsPath = "/v1/metrics";

    /// <summary>
    /// Why an address is refused; null for one that may be used. Metrics leave the machine over TLS only.
    /// </summary>
    public static string? Refusal(Uri endpoint) =>
        endpoint.Scheme == Uri.UriSchemeHttps || endpoint.IsLoopback
            ? null
            : "leaves this machine without TLS: use https, or a collector on this machine.";

    /// <summary>Starts to send; what is disposed of sends once more.</summary>
    /// <param name="endpoint">The collector; <c>/v1/metrics</c> is added where there is no path.</param>
    /// <param name="instance">This instance, the attribute <c>service.instance.id</c>.</param>
    /// <param name="meterPrefix">What names of meters begin with.</param>
    public static MeterProvider Start(Uri endpoint, string instance, string meterPrefix = "Alloc.") =>
        Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource => resource.AddService(
                "alloc", serviceInstanceId: instance, autoGenerateServiceInstanceId: false))
            .AddMeter(meterPrefix + "*")
            .AddOtlpExporter(exporter =>
            {
                exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
                exporter.Endpoint = endpoint.AbsolutePath == "/" ? new Uri(endpoint, MetricsPath) : endpoint;
            })
            .Build();
}
