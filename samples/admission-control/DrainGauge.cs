using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Alloc.Samples.AdmissionControl;

/// <summary>
/// Looks at what waits behind the holds (<c>GET /v1/stages</c>): where a stage needs longer to drain than customers are
/// told, more holds only expire in it. By 429 and 503 the console says that it is busy; of one that cannot be reached
/// nothing is known, and commands have their own way to Alloc.
/// </summary>
internal sealed class DrainGauge : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private readonly AdmissionGate admission;
    private readonly TimeSpan limit;
    private readonly HttpClient http;
    private string? heldBackBy;

    /// <param name="admission">What is held back.</param>
    /// <param name="console">The console's address.</param>
    /// <param name="limit">The longest time that a stage may need to drain.</param>
    public DrainGauge(AdmissionGate admission, Uri console, TimeSpan limit)
    {
        this.admission = admission;
        this.limit = limit;
        http = new HttpClient { BaseAddress = console, Timeout = TimeSpan.FromSeconds(2) };
    }

    /// <summary>Looks once a second until it is told to end.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var ticks = new PeriodicTimer(Interval);
        try
        {
            while (await ticks.WaitForNextTickAsync(cancellation))
            {
                await LookAsync(cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The day is over.
        }
    }

    /// <summary>Looks now.</summary>
    public async Task LookAsync(CancellationToken cancellation)
    {
        string? reason;
        try
        {
            using var answer = await http.GetAsync(new Uri("v1/stages", UriKind.Relative), cancellation);
            reason = answer.StatusCode switch
            {
                HttpStatusCode.OK => ReasonIn(
                    await answer.Content.ReadFromJsonAsync<JsonElement>(cancellation), limit),
                HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable =>
                    $"the console answers {(int)answer.StatusCode}",
                var other => throw new HttpRequestException(
                    $"{answer.RequestMessage!.RequestUri} answers {(int)other}"),
            };
        }
        catch (Exception e) when (e is HttpRequestException or JsonException
            || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            await Console.Error.WriteLineAsync($"what waits is not known: {e.Message}");
            return;
        }
        if (reason is not null && heldBackBy is null)
        {
            Console.WriteLine($"held back: {reason}");
            await admission.HoldBackAsync();
        }
        else if (reason is null && heldBackBy is not null)
        {
            Console.WriteLine("drained");
            await admission.GoOnAsync();
        }
        heldBackBy = reason;
    }

    public void Dispose() => http.Dispose();

    /// <summary>Why nothing more should come; null: it may.</summary>
    private static string? ReasonIn(JsonElement answer, TimeSpan limit)
    {
        foreach (var stage in answer.GetProperty("stages").EnumerateArray())
        {
            var name = stage.GetProperty("stageId").GetString();
            if (stage.GetProperty("waiting").GetInt64() == 0)
            {
                continue;
            }
            // Rates are known after a minute; until then what has waited longest says it.
            if (stage.GetProperty("drain") is { ValueKind: JsonValueKind.Object } drain)
            {
                if (drain.GetProperty("estimateMs") is not { ValueKind: JsonValueKind.Number } estimate)
                {
                    return $"{name} never drains at today's rates";
                }
                if (TimeSpan.FromMilliseconds(estimate.GetInt64()) is var needed && needed > limit)
                {
                    return string.Create(
                        CultureInfo.InvariantCulture, $"{name} needs {needed.TotalSeconds:0} s to drain");
                }
            }
            else if (stage.GetProperty("oldestAgeSeconds") is { ValueKind: JsonValueKind.Number } oldest
                && oldest.GetDouble() > limit.TotalSeconds)
            {
                return string.Create(
                    CultureInfo.InvariantCulture, $"work waits in {name} for {oldest.GetDouble():0.0} s");
            }
        }
        return null;
    }
}
