using Alloc.Samples;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Supply;
using Alloc.Schemas.Warehouse;
using EndToEnd.Tests.Processes;

namespace Samples.Tests;

/// <summary>
/// samples/legacy-adapter makes events of a legacy system's rows: each has one number, wherever the adapter is killed,
/// and what has no meaning is kept and not sent. Each test has a source, and so numbers, of its own.
/// </summary>
public sealed class LegacyAdapterSampleTests(SharedDev dev)
{
    private const int RowsAreRejected = 3;
    private const string CountColumns = "ARTIKEL;LAGER;BESTAND;GESPERRT;ME;STAND;BIS_ID";

    [Fact]
    public async Task A_killed_adapter_gives_each_movement_one_number_and_repeats_it()
    {
        const int Rows = 61;
        using var world = await World.OpenAsync(dev.Deployment, "killed");
        for (var first = 2; first <= Rows; first += 15)
        {
            world.Book(Enumerable.Range(first, 15)
                .Select(i => ("101", i % 2 == 0 ? "4711" : "4712", $"{i}", i % 3 == 0 ? "KAR" : "ST", "", "")));
            await using (var crashing = world.Run("--crash"))
            {
                Assert.Equal(1, (await crashing.WaitForExitAsync(SampleProgram.Deadline)).ExitCode);
            }
            await using var killed = world.Run();
            await killed.WaitForLineAsync(" is sent", SampleProgram.Deadline);
            await killed.KillAsync();
        }
        world.Book([("101", "4711", "7", "ST", "", "")]);
        await using (var last = world.Run())
        {
            await last.WaitForLineAsync("killed/bolts 32 Received 7 is sent", SampleProgram.Deadline);
        }

        var sent = world.Movements.ReadToEnd().Where(m => m.Source == "killed").ToList();
        var numbered = sent.DistinctBy(m => (m.PoolId, m.SourceSequence)).ToList();
        // Each crash before the first mark sent at least that one twice; what is sent twice is the same.
        Assert.True(sent.Count >= Rows + 1 + 4, $"{sent.Count} were sent");
        Assert.Equal(numbered.Count, sent.Distinct().Count());
        Assert.Equal(numbered.Count, sent.DistinctBy(m => m.MovementId).Count());
        foreach (var (pool, count) in new[] { ("killed/bolts", 32), ("killed/nuts", 30) })
        {
            Assert.Equal(
                Enumerable.Range(1, count).Select(i => (long)i),
                numbered.Where(m => m.PoolId == pool).Select(m => m.SourceSequence));
        }
        Assert.Equal(
            Enumerable.Range(1, Rows).Sum(i => i % 3 == 0 ? i * 12L : i) + 7, numbered.Sum(m => m.Quantity));
    }

    [Fact]
    public async Task The_night_is_sent_once_however_often_it_is_run()
    {
        using var world = await World.OpenAsync(dev.Deployment, "night");
        world.Book(
        [
            ("601", "4711", "2", "ST", "5001", "10"), ("653", "4711", "1", "ST", "5001", "10"),
            ("702", "4711", "1.000,5", "KAR", "", ""), ("101", "4711", "9", "ST", "", ""),
        ]);
        world.Order("5001", change: 1, status: "20", ("10", "4711", "2", "ST"));
        // Counted before the last movement was booked.
        var counts = world.Counts("4711;W01;1.250,5;0,5;KAR;2026-03-01 02:00:00;4");

        var first = await world.BatchAsync(counts);
        var second = await world.BatchAsync(counts);
        var other = await world.BatchAsync(world.Counts("4711;W01;1.250;0;KAR;2026-03-01 02:00:00;4"));
        var older = await world.BatchAsync(world.Counts("4711;W01;1;0;KAR;2026-02-28 02:00:00;4"));

        Assert.EndsWith("7 sent, 0 rejected", first.Out, StringComparison.Ordinal);
        Assert.Equal((0, "0 sent, 0 rejected"), (second.ExitCode, second.Out));
        Assert.Equal((RowsAreRejected, "0 sent, 1 rejected"), (other.ExitCode, other.Out));
        Assert.Equal((RowsAreRejected, "0 sent, 2 rejected"), (older.ExitCode, older.Out));
        Assert.Equal(
            ["Received 1", "Shipped 2 5001-10", "Returned 1 5001-10 Blocked", "Adjusted -12006", "Received 9"],
            world.Movements.ReadToEnd().Where(m => m.Source == "night").OrderBy(m => m.SourceSequence)
                .Select(m => $"{m.Kind} {m.Quantity} {m.ReservationId} {m.Disposition}".TrimEnd()));
        var count = Assert.Single(world.Stock.ReadToEnd(), s => s.Source == "night");
        Assert.Equal(
            ("night/bolts", 1L, 15_006L, 6L, 4L),
            (count.PoolId, count.Version, count.Quantity, count.Blocked, count.Through));
        Assert.Equal(
            DateTimeOffset.Parse("2026-03-01T01:00:00Z", null).ToUnixTimeMilliseconds(), count.TakenAtMs);
        var order = Assert.Single(world.Orders.ReadToEnd(), o => o.OrderRef == "5001");
        var line = Assert.Single(order.Lines);
        Assert.Equal(("ReadyForFulfillment", 1L), (order.State, order.Version));
        Assert.Equal(
            ("10", "night/bolts", "5001-10", 2L), (line.LineId, line.PoolId, line.ReservationId, line.Quantity));
    }

    [Fact]
    public async Task What_has_no_meaning_is_kept_with_its_row_and_sent_when_it_has_one()
    {
        using var world = await World.OpenAsync(dev.Deployment, "rejects");
        world.Book([("999", "4711", "5", "ST", "", ""), ("101", "4711", "3", "ST", "", "")]);
        world.Order("6001", change: 1, status: "55", ("10", "4711", "2", "ST"));
        var counts = world.Counts("4711;W01;9;0;ST;2026-03-01 02:00:00;2");

        var before = await world.BatchAsync(counts);
        var rejects = await world.RejectsAsync();
        world.WriteMapping(("\"101\":", "\"999\": {\"kind\": \"Scrapped\"}, \"101\":"), ("\"90\":", "\"55\":"));
        var after = await world.BatchAsync(counts);

        Assert.Equal(RowsAreRejected, before.ExitCode);
        Assert.EndsWith("2 sent, 3 rejected", before.Out, StringComparison.Ordinal);
        Assert.Equal(3, rejects.Count);
        Assert.StartsWith(
            "Movement 2: movement type 999 has no row under movements  LegacyMovement { Id = 2, Document = 4900002,",
            rejects[0], StringComparison.Ordinal);
        Assert.StartsWith(
            "Count 4711@W01 2026-03-01 02:00:00: 1 movements inside it are rejected and have no number yet",
            rejects[1], StringComparison.Ordinal);
        Assert.StartsWith("Order 6001: order status 55 has no row", rejects[2], StringComparison.Ordinal);
        // The row has the next number; with it, numbers no longer tell what the count of that night had inside.
        Assert.Contains("rejects/bolts 3 Scrapped 5 is sent", after.Out, StringComparison.Ordinal);
        Assert.Contains("order 6001 Cancelled is sent", after.Out, StringComparison.Ordinal);
        Assert.Contains(
            "movements behind 2 have lower numbers than some before it", Assert.Single(await world.RejectsAsync()),
            StringComparison.Ordinal);
        Assert.EndsWith(
            "rejects/bolts count 1: 9 through 3 is sent\n1 sent, 1 rejected",
            (await world.BatchAsync(world.Counts("4711;W01;9;0;ST;2026-03-02 02:00:00;3"))).Out,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_reason_to_reject_a_row_is_said()
    {
        using var world = await World.OpenAsync(dev.Deployment, "reasons");
        world.Book(
        [
            ("101", "4799", "1", "ST", "", ""), ("101", "4711", "1", "PAL", "", ""), ("101", "4711", "x", "ST", "", ""),
            ("101", "4711", "2,5", "ST", "", ""), ("101", "4711", "0", "ST", "", ""),
            ("101", "4711", "-1", "ST", "", ""), ("601", "4711", "1", "ST", "7001", ""),
            ("101", "4711", "9999999999999", "ST", "", ""),
        ]);
        world.Execute("UPDATE lagerbew SET zeit = '1.3.2026' WHERE id = 1");
        var counts = world.Counts(
            "4711;W01;1;2;ST;2026-03-01 02:00:00;1", "4712;W01;1;0;ST;2026-03-01 02:00:00;99",
            "4712;W01;1;0;ST;2026-03-01 03:00:00;x");

        await world.BatchAsync(counts);
        var sent = await world.BatchAsync(counts);

        Assert.Equal("0 sent, 12 rejected", sent.Out);
        Assert.Equal(
            [
                "Movement 1: time '1.3.2026' is not written yyyy-MM-dd HH:mm:ss",
                "Movement 2: article 4799 in depot W01 has no row under pools",
                "Movement 3: unit PAL has no worth in pool reasons/bolts",
                "Movement 4: quantity 'x' is no number",
                "Movement 5: 2,5 ST is 2,5 units: no whole number in range",
                "Movement 6: quantity 0 ST is not above 0",
                "Movement 7: quantity -1 ST is not above 0",
                "Movement 8: order 7001 is named without its line",
                "Movement 9: 9999999999999 ST is 9999999999999 units: no whole number in range",
                "Count 4711@W01 2026-03-01 02:00:00: 2 blocked of 1 ST cannot be",
                "Count 4712@W01 2026-03-01 02:00:00: movement 99 is inside it, and the table does not have it yet",
                "Count 4712@W01 2026-03-01 03:00:00: BIS_ID 'x' is no id of a movement",
            ],
            (await world.RejectsAsync()).Select(r => r.Split("  ")[0]));
    }

    [Fact]
    public async Task A_row_that_is_changed_after_it_was_sent_is_not_sent_again()
    {
        using var world = await World.OpenAsync(dev.Deployment, "changed");
        var counts = world.Counts();
        await world.BatchAsync(counts);
        world.Execute("UPDATE lagerbew SET menge = '2' WHERE id = 1");

        var again = await world.BatchAsync(counts);

        Assert.Equal("0 sent, 1 rejected", again.Out);
        Assert.StartsWith(
            "Movement 1: it was changed after it was sent as changed/bolts 1: book a correction",
            Assert.Single(await world.RejectsAsync()), StringComparison.Ordinal);
        world.Execute("UPDATE lagerbew SET menge = '1' WHERE id = 1");
        Assert.Equal("0 sent, 0 rejected", (await world.BatchAsync(counts)).Out);
    }

    [Fact]
    public async Task Two_rows_of_one_document_are_one_movement()
    {
        using var world = await World.OpenAsync(dev.Deployment, "twice");
        world.Book([("101", "4711", "5", "ST", "", "")]);
        world.Execute("UPDATE lagerbew SET beleg = '4900001' WHERE id = 2");

        var batch = await world.BatchAsync(world.Counts());

        Assert.EndsWith("1 sent, 1 rejected", batch.Out, StringComparison.Ordinal);
        Assert.StartsWith(
            "Movement 2: another row was sent as twice/4900001/10", Assert.Single(await world.RejectsAsync()),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mapping", "\"kind\": \"Received\"", "\"kind\": \"Recieved\"", "mapping.json: The JSON value")]
    [InlineData("mapping", "\"KAR\": 12", "\"KAR\": 0", "pool broken/bolts has a unit that is worth less than 1")]
    [InlineData("counts", "BESTAND;", "", "BESTAND is missing; the first line names")]
    [InlineData("counts", "4711;W01;", "4711;", "counts.csv:2: Field at index '6' does not exist")]
    public async Task A_file_that_cannot_be_read_is_named_and_nothing_of_it_is_taken(
        string file, string from, string to, string expected)
    {
        using var world = await World.OpenAsync(dev.Deployment, "broken");
        var counts = world.Counts("4711;W01;1;0;ST;2026-03-01 02:00:00;1");
        if (file == "mapping")
        {
            world.WriteMapping((from, to));
        }
        else
        {
            await File.WriteAllTextAsync(
                counts,
                (await File.ReadAllTextAsync(counts, TestContext.Current.CancellationToken)).Replace(
                    from, to, StringComparison.Ordinal),
                TestContext.Current.CancellationToken);
        }

        var result = await world.BatchAsync(counts);

        Assert.Equal((1, ""), (result.ExitCode, result.Out));
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    /// <summary>A legacy system with one row (a bolt received), its adapter, and a mapping with two pools.</summary>
    private sealed class World(Deployment deployment, string source) : IDisposable
    {
        private readonly TemporaryDirectory directory = new();
        private int document = 4_900_001;

        public TopicRecords<WarehouseMovement> Movements { get; } = new(deployment, "warehouse.movements");

        public TopicRecords<StockSnapshot> Stock { get; } = new(deployment, "supply.stock");

        public TopicRecords<OrderStatus> Orders { get; } = new(deployment, "orders.status");

        public static async Task<World> OpenAsync(Deployment deployment, string source)
        {
            var world = new World(deployment, source);
            world.WriteMapping();
            var booked = await SampleProgram.RunAsync(
                "legacy-adapter", "legacy-adapter-sample", "book", world.directory["legacy.db"], "101", "4711", "W01",
                "1", "ST");
            Assert.True(booked.ExitCode == 0, booked.ToString());
            return world;
        }

        public void WriteMapping(params (string From, string To)[] changes) => File.WriteAllText(
            directory["mapping.json"],
            changes.Append(("wms-west", source)).Append(("bolt-m8/west", $"{source}/bolts"))
                .Append(("nut-m8/west", $"{source}/nuts")).Append(("\"KAR\": 100, \"PAL\": 4000", "\"KAR\": 12"))
                .Aggregate(
                    File.ReadAllText(Path.Combine(SampleProgram.Folder, "legacy-adapter", "mapping.json")),
                    (text, c) => text.Replace(c.Item1, c.Item2, StringComparison.Ordinal)));

        public void Book(
            IEnumerable<(string Type, string Article, string Quantity, string Unit, string Order, string Line)> rows)
        {
            using var database = SqliteTables.Open(directory["legacy.db"], "");
            foreach (var row in rows)
            {
                database.Execute(
                    """
                    INSERT INTO lagerbew (beleg, pos, bwart, artikel, lager, menge, me, auftrag, apos, zeit) VALUES (
                        $document, '10', $type, $article, 'W01', $quantity, $unit, $order, $line, '2026-02-28 14:05:00')
                    """,
                    ("$document", $"{++document}"), ("$type", row.Type), ("$article", row.Article),
                    ("$quantity", row.Quantity), ("$unit", row.Unit), ("$order", row.Order), ("$line", row.Line));
            }
        }

        public void Order(
            string number, long change, string status,
            params (string Line, string Article, string Quantity, string Unit)[] lines)
        {
            Execute(
                "INSERT OR REPLACE INTO auftrag VALUES ($number, $change, $status)",
                ("$number", number), ("$change", change), ("$status", status));
            foreach (var line in lines)
            {
                Execute(
                    "INSERT OR REPLACE INTO aufpos VALUES ($number, $line, $article, 'W01', $quantity, $unit)",
                    ("$number", number), ("$line", line.Line), ("$article", line.Article), ("$quantity", line.Quantity),
                    ("$unit", line.Unit));
            }
        }

        public void Execute(string sql, params (string Name, object? Value)[] parameters)
        {
            using var database = SqliteTables.Open(directory["legacy.db"], "");
            Assert.True(database.Execute(sql, parameters) > 0, sql);
        }

        public string Counts(params string[] rows)
        {
            File.WriteAllLines(directory["counts.csv"], [CountColumns, .. rows]);
            return directory["counts.csv"];
        }

        public AllocProcess Run(params string[] more) => SampleProgram.Start(
            "legacy-adapter", "legacy-adapter-sample",
            [
                "run", directory["adapter.db"], directory["legacy.db"], directory["mapping.json"], deployment.Bootstrap,
                deployment.Registry, .. more,
            ]);

        public Task<ProcessResult> BatchAsync(string counts) => SampleProgram.RunAsync(
            "legacy-adapter", "legacy-adapter-sample", "batch", directory["adapter.db"], directory["legacy.db"],
            directory["mapping.json"], counts, deployment.Bootstrap, deployment.Registry);

        public async Task<IReadOnlyList<string>> RejectsAsync()
        {
            var listed = await SampleProgram.RunAsync(
                "legacy-adapter", "legacy-adapter-sample", "rejects", directory["adapter.db"]);
            Assert.True(listed.ExitCode == 0, listed.ToString());
            return listed.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }

        public void Dispose()
        {
            Movements.Dispose();
            Stock.Dispose();
            Orders.Dispose();
            directory.Dispose();
        }
    }
}
