using Alloc.Client;
using Alloc.Samples.AdmissionControl;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Confluent.Kafka;

// [bootstrap] [registry] [console] [pool] [orders=40] [callers=10] [every-ms=50] [attempt-ms=1000] [deadline-ms=5000]
// [drain-limit-s=60] [permits=8] [queue=16]
using var ending = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    ending.Cancel();
};
try
{
    var settings = StormSettings.Of(args);
    await OpenAsync(settings);
    await using var client = Client(settings, settings.Attempt);
    using var admission = new AdmissionGate(client, settings.Admission, TimeProvider.System);
    using var gauge = new DrainGauge(admission, settings.Console, settings.DrainLimit);
    using var day = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
    await gauge.LookAsync(day.Token);
    var looking = gauge.RunAsync(day.Token);
    var storm = new RetryStorm(admission, settings.Pool, TimeProvider.System);
    var became = await storm.RunAsync(
        settings.Orders, settings.Callers, settings.Interval, settings.Admission.Deadline, ending.Token);
    await day.CancelAsync();
    await looking;
    Console.WriteLine($"{settings.Orders} orders: " + string.Join(
        ", ", became.GroupBy(b => b).OrderByDescending(g => g.Count()).Select(g => $"{g.Count()} {g.Key}")));
    Console.WriteLine(
        $"{storm.CallCount} calls: {admission.SharedCount} shared an answer, {storm.BusyCount} turned away; "
        + $"{admission.SentCount} commands sent, at most {admission.MostUnderWay} under way "
        + $"of {settings.Admission.Permits}");
    return 0;
}
catch (OperationCanceledException) when (ending.IsCancellationRequested)
{
    return 0;
}
catch (Exception e) when (e is AllocException or KafkaException
    or RegistryUnavailableException or RegistryRefusedException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return e is AllocException { Kind: FailureKind.Usage } ? 2 : 1;
}

static AllocClient Client(StormSettings settings, TimeSpan timeout) => new(new AllocClientOptions
{
    Bootstrap = settings.Bootstrap,
    Registry = settings.Registry,
    ClientId = "admission-control-sample",
    Timeout = timeout,
});

// A pool with enough for everybody; said again it changes nothing.
async Task OpenAsync(StormSettings settings)
{
    await using var client = Client(settings, TimeSpan.FromSeconds(30));
    var self = new Actor { Type = ActorType.Service, Id = "box-office" };
    (string Id, AllocationCommandBody Body)[] commands =
    [
        ("configure", new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings { Unit = "seat", Kind = PoolKind.Capacity, SnapshotSource = self.Id },
        }),
        ("seats", new AllocationCommandBody.SupplySnapshot { Source = self.Id, Quantity = 1_000, Through = null }),
    ];
    foreach (var (id, body) in commands)
    {
        var command = client.NewCommand(settings.Pool, body, self, $"{settings.Pool}/{id}");
        if (await client.SendAsync(command, ending.Token) is not CommandAnswer.Decided { IsRejected: false })
        {
            throw AllocException.Unavailable($"{settings.Pool} could not be opened: {id} was not answered by yes.");
        }
    }
    Console.WriteLine($"{settings.Pool} is open");
}
