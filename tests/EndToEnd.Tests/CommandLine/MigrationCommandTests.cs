using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>The way of a slice's open reservations into alloc and out of it.</summary>
public sealed class MigrationCommandTests(SharedDev dev) : IClassFixture<SharedDev>
{
    [Fact]
    public async Task What_is_exported_from_a_frozen_slice_can_be_imported_and_a_second_run_does_nothing_twice()
    {
        await PoolAsync("mig/a");
        await PoolAsync("mig/b");
        await OkAsync(
            "reservation", "hold", "--pool", "mig/a", "--id", "r1", "-q", "3", "--order", "o1", "--ttl", "1h");
        await OkAsync("reservation", "hold", "--pool", "mig/a", "--id", "r2", "-q", "2", "--customer", "ann");
        await OkAsync("reservation", "confirm", "--pool", "mig/a", "--id", "r2");
        await OkAsync("reservation", "hold", "--pool", "mig/a", "--id", "r3", "-q", "1");
        await OkAsync("reservation", "release", "--pool", "mig/a", "--id", "r3", "--reason", "test");

        var early = await AllocAsync("authority", "export", "mig/*", "-o", "jsonl");
        await OkAsync("authority", "transfer", "mig/*", "--mode", "frozen", "--owner", "alloc", "--epoch", "1");
        var exported = await OkAsync("authority", "export", "mig/*", "-o", "jsonl");
        var table = await OkAsync("authority", "export", "mig/*");
        var file = Write(exported.Out.Replace("mig/a", "mig/b", StringComparison.Ordinal));
        var dryRun = await OkAsync("reservation", "import-all", file, "--dry-run");
        var first = await OkAsync("reservation", "import-all", file, "--yes", "-o", "jsonl");
        var second = await OkAsync("reservation", "import-all", file, "--yes", "-o", "jsonl");
        var after = await OkAsync("authority", "export", "mig/*", "-o", "jsonl");

        Assert.Equal(1, early.ExitCode);
        Assert.Contains("'mig/*' is not frozen in partitions 0, 1", early.Error, StringComparison.Ordinal);
        Assert.Equal(["mig/a r1 3 0 o1 ", "mig/a r2 0 2  ann"], Rows(exported).Select(Promise));
        Assert.Contains("2 open reservations of 'mig/*' (Frozen, epoch 1)", table.Error, StringComparison.Ordinal);
        Assert.Contains("2 reservations (3 units held, 2 confirmed) of 1 pool", dryRun.Error, StringComparison.Ordinal);
        Assert.All(Rows(first), r => Assert.Equal("Imported", r["result"]!.GetValue<string>()));
        Assert.All(Rows(first), r => Assert.Null(r["duplicateOf"]));
        Assert.All(Rows(second), r => Assert.NotNull(r["duplicateOf"]));
        Assert.Equal(
            Rows(exported).Select(r => (Promise(r).Replace("mig/a", "mig/b", StringComparison.Ordinal), Expiry(r))),
            Rows(after).Where(r => r["poolId"]!.GetValue<string>() == "mig/b").Select(r => (Promise(r), Expiry(r))));
    }

    [Fact]
    public async Task Import_into_a_pool_that_alloc_decides_is_rejected_line_by_line()
    {
        await PoolAsync("decided");
        var file = Write("""{"poolId":"decided","reservationId":"r","held":1,"expiresAt":"2999-01-01T00:00:00Z"}""");

        var run = await AllocAsync("reservation", "import-all", file, "--yes");

        Assert.Equal(4, run.ExitCode);
        Assert.Contains("Rejected", run.Out, StringComparison.Ordinal);
        Assert.Contains("1 Rejected.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_writer_under_a_past_epoch_is_listed_as_a_mismatch()
    {
        await PoolAsync("two/a");
        await OkAsync("authority", "transfer", "two/*", "--mode", "authoritative", "--owner", "alloc", "--epoch", "7");
        var before = await ListAsync(
            "reconcile", "list", "--class", "DualWriter", "--pool", "two/a", "--check", "-o", "jsonl");

        var stale = await AllocAsync("reservation", "hold", "--pool", "two/a", "--id", "r", "-q", "1", "--epoch", "6");
        var answer = await Asked.UntilAsync(
            dev.Deployment, "v1/mismatches?pool=two%2Fa", a => a["mismatches"]!.AsArray().Count == 1);
        var run = await ListAsync(
            "reconcile", "list", "--class", "DualWriter", "--pool", "two/a", "--check", "-o", "jsonl");
        var id = (string)answer["mismatches"]![0]!["mismatchId"]!;
        var show = await ListAsync("reconcile", "show", id);

        Assert.Equal("", before.Out.Trim());
        Assert.Equal((4, 5), (stale.ExitCode, run.ExitCode));
        Assert.Equal(id, (string)JsonNode.Parse(run.Out)!["mismatchId"]!);
        Assert.Contains("under an epoch that is over", show.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"poolId":"p","reservationId":"r","held":-1}""", "held: -1 is no whole number")]
    [InlineData("""{"poolId":"p","reservationId":"r","held":1.5}""", "held: 1.5 is no whole number")]
    [InlineData("""{"poolId":"p","reservationId":"r"}""", "one of them is at least 1")]
    [InlineData("""{"reservationId":"r","held":1}""", "poolId is missing")]
    [InlineData("""{"poolId":"p","reservationId":" ","held":1}""", "reservationId is empty")]
    [InlineData("""{"poolId":"p","reservationId":"r","held":1,"expiry":5}""", "expiry is not known")]
    [InlineData("""{"poolId":"p","reservationId":"r","held":1,"held":2}""", "this is no JSON object")]
    [InlineData("""{"poolId":"p","reservationId":"r","held":1,"expiresAt":"soon"}""", "'soon' is not a time")]
    [InlineData("""{"poolId":"p","reservationId":"r","held":1,"expiresAt":"03/04/2027 10:00"}""",
        "expiresAt: '03/04/2027 10:00' is not a time (ISO 8601 with a zone)")]
    [InlineData("""{"poolId":"p","reservationId":"r","held":1,"expiresAt":"2027-04-03T10:00:00"}""",
        "expiresAt: '2027-04-03T10:00:00' has no time zone")]
    [InlineData("""{"poolId":"p","reservationId":"r","held":1,"expiresAt":"+15m"}""",
        "expiresAt: '+15m' depends on when it is read")]
    [InlineData("""{"poolId":"p","reservationId":"r","held":1,"orderRef":" "}""", "orderRef is empty")]
    [InlineData("""{"poolId":"a","reservationId":"r","held":1}""", "a/r is on line 1 too")]
    [InlineData("[1]", "a line is a JSON object")]
    public async Task A_line_that_is_wrong_is_named_and_nothing_is_imported(string line, string problem)
    {
        var file = Write("""{"poolId":"a","reservationId":"r","held":1}""" + $"\n{line}\n");

        var run = await AllocAsync("reservation", "import-all", file, "--yes");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"{file}:2: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
        Assert.Contains("Nothing was imported", run.Error, StringComparison.Ordinal);
    }

    private static List<JsonNode> Rows(ProcessResult run) =>
        [.. run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];

    private static string Promise(JsonNode row) =>
        $"{row["poolId"]} {row["reservationId"]} {row["held"]} {row["confirmed"]} {row["orderRef"]} "
        + $"{row["customerRef"]}";

    private static string? Expiry(JsonNode row) => row["expiresAt"]?.GetValue<string>();

    private static string Write(string text)
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("alloc-migration-").FullName, "open.jsonl");
        File.WriteAllText(file, text);
        return file;
    }

    private async Task PoolAsync(string pool)
    {
        await OkAsync("pool", "configure", pool, "--kind", "capacity", "--unit", "seat");
        await OkAsync("pool", "supply", "set", pool, "-q", "10");
    }

    private async Task<ProcessResult> OkAsync(params string[] arguments)
    {
        var run = await AllocAsync(arguments);
        Assert.True(run.ExitCode == 0, $"{string.Join(' ', arguments)}\n{run}");
        return run;
    }

    private Task<CommandLineRun> ListAsync(params string[] arguments) => CommandLineRun.OfAsync(
        arguments, ("ALLOC_BOOTSTRAP", dev.Deployment.Bootstrap), ("ALLOC_REGISTRY", dev.Deployment.Registry),
        ("ALLOC_CONSOLE", dev.Deployment.Console), ("ALLOC_TIMEOUT", "60s"));

    private async Task<ProcessResult> AllocAsync(params string[] arguments)
    {
        var run = await CommandLineRun.OfAsync([.. arguments, "--timeout", "30s", .. dev.Deployment.Options]);
        return new ProcessResult(run.ExitCode, run.Out.TrimEnd(), run.Error.TrimEnd());
    }
}
