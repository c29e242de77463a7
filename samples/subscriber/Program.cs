using Alloc.Samples.Subscriber;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

// run DATABASE [bootstrap] [registry] [--again] [--crash-committed | --crash-sent]   or   slips DATABASE
switch (args)
{
    case ["run", var path, ..]:
        return await RunAsync(path, [.. args.Where(a => !a.StartsWith("--", StringComparison.Ordinal))]);
    case ["slips", var path]:
        using (var database = new PackingDatabase(path))
        {
            foreach (var slip in database.Slips())
            {
                Console.WriteLine(slip);
            }
        }
        return 0;
    default:
        await Console.Error.WriteLineAsync(
            "subscriber-sample run DATABASE [bootstrap] [registry] [--again] [--crash-committed | --crash-sent]"
            + " | slips DATABASE");
        return 2;
}

async Task<int> RunAsync(string path, string[] words)
{
    const int MostUnsaid = 100;
    var idle = TimeSpan.FromMilliseconds(100);
    var crash = args.Contains("--crash-committed") ? CrashPoint.Committed
        : args.Contains("--crash-sent") ? CrashPoint.Sent
        : CrashPoint.None;
    var bootstrap = words.ElementAtOrDefault(2) ?? "localhost:9092";
    using var ending = new CancellationTokenSource();
    Console.CancelKeyPress += (_, e) =>
    {
        e.Cancel = true;
        ending.Cancel();
    };
    using var registry = new CachedSchemaRegistryClient(
        new SchemaRegistryConfig { Url = words.ElementAtOrDefault(3) ?? "http://localhost:8081" });
    using var database = new PackingDatabase(path);
    using var reader = new OutcomeReader(database, bootstrap, registry);
    using var receipts = new ReceiptSender(database, bootstrap, registry);
    if (args.Contains("--again"))
    {
        database.ForgetPositions();
    }
    try
    {
        reader.Begin();
        var unsaid = 0;
        // The first round sends what an earlier run still owes.
        for (var isFirst = true; !ending.IsCancellationRequested; isFirst = false)
        {
            var wasThere = !isFirst && reader.TakeNext(idle);
            unsaid = wasThere ? unsaid + 1 : unsaid;
            if (isFirst || !wasThere || unsaid >= MostUnsaid)
            {
                await receipts.SendOwedAsync(crash, ending.Token);
                unsaid = 0;
            }
        }
        return 0;
    }
    catch (OperationCanceledException) when (ending.IsCancellationRequested)
    {
        // What is under way is sent again next time.
        return 0;
    }
    catch (Exception e) when (e is JournalGapException or KafkaException)
    {
        await Console.Error.WriteLineAsync(e.Message);
        return 1;
    }
}
