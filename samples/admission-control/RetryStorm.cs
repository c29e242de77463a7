using Alloc.Schemas.Allocation;

namespace Alloc.Samples.AdmissionControl;

/// <summary>
/// A bad day: each order is asked for by many callers at once (customers who click again, gateways that retry, tabs),
/// and whoever is turned away comes again.
/// </summary>
internal sealed class RetryStorm(AdmissionGate admission, string pool, TimeProvider time)
{
    private int callCount;
    private int busyCount;

    /// <summary>Calls of all callers.</summary>
    public int CallCount => Volatile.Read(ref callCount);

    /// <summary>Calls that were turned away.</summary>
    public int BusyCount => Volatile.Read(ref busyCount);

    /// <summary>Has orders come, one after the other.</summary>
    /// <param name="orders">How many.</param>
    /// <param name="callers">Callers of each.</param>
    /// <param name="interval">Between two orders.</param>
    /// <param name="patience">How long a caller who is turned away comes again.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <returns>What became of each order: Held, Rejected, …, gave up, turned away.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(
        int orders, int callers, TimeSpan interval, TimeSpan patience, CancellationToken cancellation)
    {
        var running = new List<Task<string>>();
        for (var i = 1; i <= orders; i++)
        {
            running.Add(OrderAsync($"{pool}-order-{i}", callers, patience, cancellation));
            if (interval > TimeSpan.Zero)
            {
                await Task.Delay(interval, time, cancellation);
            }
        }
        return await Task.WhenAll(running);
    }

    private async Task<string> OrderAsync(string order, int callers, TimeSpan patience, CancellationToken cancellation)
    {
        var answers = await Task.WhenAll(
            Enumerable.Range(0, callers).Select(_ => CallAsync(order, patience, cancellation)));
        // Of callers who hear different things, who was answered knows most.
        var best = answers.OfType<Admission.Decided>().FirstOrDefault() as Admission
            ?? answers.OfType<Admission.GaveUp>().OrderByDescending(g => g.WasSent).FirstOrDefault() as Admission
            ?? answers[0];
        var word = best switch
        {
            Admission.Decided { Outcome.Event: AllocationOutcomeEvent.Rejected no } => $"no, {no.Reasons[0].Code}",
            Admission.Decided decided => decided.Outcome.Event.GetType().Name,
            Admission.GaveUp { WasSent: true } => "gave up",
            Admission.GaveUp => "gave up before it was sent",
            _ => "turned away",
        };
        Console.WriteLine($"{order}: {word}");
        return word;
    }

    private async Task<Admission> CallAsync(string order, TimeSpan patience, CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        while (true)
        {
            Interlocked.Increment(ref callCount);
            var answer = await admission.AskAsync(
                $"{order}/hold", pool, new AllocationCommandBody.Hold { ReservationId = order, Quantity = 1 });
            if (answer is not Admission.Busy busy)
            {
                return answer;
            }
            Interlocked.Increment(ref busyCount);
            if (time.GetElapsedTime(begun) > patience)
            {
                return answer;
            }
            // Not all at once.
            await Task.Delay(busy.ComeAgain * (0.5 + Random.Shared.NextDouble()), time, cancellation);
        }
    }
}
