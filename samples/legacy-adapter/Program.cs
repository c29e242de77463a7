using Alloc.Samples.LegacyAdapter;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

const string Usage =
    """
    legacy-adapter-sample
      run ADAPTER.db LEGACY.db MAPPING.json [bootstrap] [registry] [--crash]
          follows the tables of the legacy system until Ctrl-C; --crash ends it between sending and noting that
      batch ADAPTER.db LEGACY.db MAPPING.json COUNTS.csv [bootstrap] [registry]
          the night: tables, then counts, once; exit code 3: done, and rows are rejected
      rejects ADAPTER.db
          rows without a meaning, and why
      book LEGACY.db TYPE ARTICLE DEPOT QUANTITY UNIT [ORDER LINE]
          what the warehouse does: a movement in the legacy system
    """;
const int RowsAreRejected = 3;

using var ending = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    ending.Cancel();
};
string[] words = [.. args.Where(a => !a.StartsWith("--", StringComparison.Ordinal))];
try
{
    switch (words)
    {
        case ["run", var adapter, var legacy, var mapping, ..]:
            await RunAsync(adapter, legacy, mapping, words.ElementAtOrDefault(4), words.ElementAtOrDefault(5));
            return 0;
        case ["batch", var adapter, var legacy, var mapping, var counts, ..]:
            return await BatchAsync(
                adapter, legacy, mapping, counts, words.ElementAtOrDefault(5), words.ElementAtOrDefault(6));
        case ["rejects", var adapter]:
            using (var database = new AdapterDatabase(adapter))
            {
                foreach (var reject in database.Rejects())
                {
                    Console.WriteLine($"{reject.Kind} {reject.Key}: {reject.Reason}  {reject.Row}");
                }
            }
            return 0;
        case ["book", var path, var code, var article, var depot, var quantity, var unit, ..]:
            using (var legacy = new LegacySystem(path))
            {
                legacy.Book(
                    code, article, depot, quantity, unit, words.ElementAtOrDefault(7) ?? "",
                    words.ElementAtOrDefault(8) ?? "");
            }
            return 0;
        default:
            await Console.Error.WriteLineAsync(Usage);
            return 2;
    }
}
catch (OperationCanceledException) when (ending.IsCancellationRequested)
{
    // What is under way is sent again next time.
    return 0;
}
catch (Exception e) when (e is MappingException or CountFileException or IOException
    or KafkaException or RegistryUnavailableException or RegistryRefusedException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}

async Task RunAsync(string adapterPath, string legacyPath, string mapping, string? bootstrap, string? registryUrl)
{
    using var registry = Registry(registryUrl);
    using var database = new AdapterDatabase(adapterPath);
    using var legacy = new LegacySystem(legacyPath);
    using var relay = new EventRelay(database, bootstrap ?? "localhost:9092");
    using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
    var adapter = new Adapter(database, legacy, new Translator(Mapping.Read(mapping)), registry);
    adapter.TakeRejects();
    do
    {
        adapter.TakeTables();
        await relay.SendWaitingAsync(args.Contains("--crash"), ending.Token);
    }
    while (await ticks.WaitForNextTickAsync(ending.Token));
}

async Task<int> BatchAsync(
    string adapterPath, string legacyPath, string mapping, string counts, string? bootstrap, string? registryUrl)
{
    using var registry = Registry(registryUrl);
    using var database = new AdapterDatabase(adapterPath);
    using var legacy = new LegacySystem(legacyPath);
    using var relay = new EventRelay(database, bootstrap ?? "localhost:9092");
    var adapter = new Adapter(database, legacy, new Translator(Mapping.Read(mapping)), registry);
    var rows = CountFile.Read(counts);
    adapter.TakeRejects();
    // First what moved: a count says which movements are inside it.
    adapter.TakeTables();
    adapter.TakeCounts(rows);
    var sent = await relay.SendWaitingAsync(isCrashing: false, ending.Token);
    var rejected = database.Rejects().Count;
    Console.WriteLine($"{sent} sent, {rejected} rejected");
    return rejected > 0 ? RowsAreRejected : 0;
}

CachedSchemaRegistryClient Registry(string? url) =>
    new(new SchemaRegistryConfig { Url = url ?? "http://localhost:8081" });
