using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using System.Threading.Channels;
using Alloc.Host.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Host.Tests;

/// <summary>What a collector that speaks OTLP is sent.</summary>
public sealed class OtlpMetricsTests : IAsyncLifetime
{
    private readonly Channel<Export> exports = Channel.CreateUnbounded<Export>();
    private readonly WebApplication collector;

    public OtlpMetricsTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        collector = builder.Build();
        collector.Run(TakeAsync);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await collector.StartAsync(Cancellation);

    public ValueTask DisposeAsync() => collector.DisposeAsync();

    [Fact]
    public async Task Instruments_are_sent_under_their_own_names_with_the_instance_that_sends_them()
    {
        var prefix = $"OtlpMetricsTests{Guid.NewGuid():N}.";
        using var meter = new Meter(prefix + "Some");
        using (OtlpMetrics.Start(new Uri(collector.Urls.Single()), "host-1", prefix))
        {
            meter.CreateCounter<long>("alloc_things", null, "Things.").Add(7);
            meter.CreateHistogram<double>("alloc_took", "s").Record(0.25);
        }

        var sent = await exports.Reader.ReadAsync(Cancellation).AsTask().WaitAsync(
            TimeSpan.FromSeconds(60), Cancellation);

        Assert.Equal(("/v1/metrics", "application/x-protobuf"), (sent.Path, sent.MediaType));
        // ExportMetricsServiceRequest: resource_metrics = 1; in it resource = 1 and scope_metrics = 2; there
        // metrics = 2, whose name is 1 and whose unit is 3.
        var resource = Fields(sent.Body, 1).Single();
        var metrics = Fields(resource, 2).SelectMany(scope => Fields(scope, 2)).ToList();
        Assert.Equal(["alloc_things", "alloc_took"], metrics.Select(m => Text(Fields(m, 1).Single())).Order());
        Assert.Contains(metrics, m => Fields(m, 3).Select(Text).Contains("s"));
        var attributes = Fields(Fields(resource, 1).Single(), 1).ToDictionary(
            a => Text(Fields(a, 1).Single()), a => Text(Fields(Fields(a, 2).Single(), 1).SingleOrDefault([])));
        Assert.Equal(("alloc", "host-1"), (attributes["service.name"], attributes["service.instance.id"]));
    }

    [Theory]
    [InlineData("http://localhost:4318", true)]
    [InlineData("http://127.0.0.1:4318/v1/metrics", true)]
    [InlineData("https://collector.example.org", true)]
    [InlineData("http://collector.example.org:4318", false)]
    [InlineData("http://10.0.0.7:4318", false)]
    public void Metrics_leave_the_machine_over_TLS_only(string endpoint, bool isTaken)
    {
        Assert.Equal(isTaken, OtlpMetrics.Refusal(new Uri(endpoint)) is null);
    }

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);

    /// <summary>The values of a message's length-delimited field, by protobuf's wire format.</summary>
    private static IEnumerable<byte[]> Fields(byte[] message, int number)
    {
        var at = 0;
        while (at < message.Length)
        {
            var tag = Varint(message, ref at);
            var length = (tag & 7) switch
            {
                0 => 0,
                1 => 8,
                2 => (int)Varint(message, ref at),
                5 => 4,
                var type => throw new InvalidDataException($"Wire type {type} at {at} of {message.Length}."),
            };
            if ((tag & 7) == 0)
            {
                Varint(message, ref at);
            }
            if (tag >> 3 == (ulong)number && (tag & 7) == 2)
            {
                yield return message[at..(at + length)];
            }
            at += length;
        }
        Assert.Equal(message.Length, at);
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var part = message[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        exports.Writer.TryWrite(new Export(
            http.Request.Path.ToString(), http.Request.ContentType ?? "", body.ToArray()));
    }

    private sealed record Export(string Path, string MediaType, byte[] Body);
}
