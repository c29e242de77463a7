using System.Diagnostics;
using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>
/// What a policy owner types, against a running <c>alloc dev</c>: a policy is validated, applied to every partition in
/// one transaction, and decides from then on.
/// </summary>
public sealed class PolicyCommandTests(SharedDev dev) : IClassFixture<SharedDev>, IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly TemporaryDirectory directory = new();

    [Fact]
    public async Task A_policy_goes_its_way_from_a_file_into_every_partition()
    {
        await AllocAsync("pool", "supply", "set", "seats", "-q", "9");
        var shipped = JsonNode.Parse((await AllocAsync("policy", "get", "-o", "json")).Out)!;
        Assert.Equal(0, shipped["version"]!.GetValue<int>());

        var file = Write("one", Document(1, "12m"));
        var dry = await AllocAsync("policy", "apply", file, "--dry-run", "-o", "json");
        Assert.Equal(0, dry.ExitCode);
        Assert.Equal(0, (await GetAsync())["version"]!.GetValue<int>());

        var applied = await AllocAsync("policy", "apply", file, "--yes", "-o", "json");
        Assert.True(applied.ExitCode == 0, applied.Error + applied.Out);
        Assert.All(
            JsonNode.Parse(applied.Out)!["partitions"]!.AsArray(),
            partition => Assert.Contains(partition!["stand"]!.ToString(), new[] { "Pending", "InForce" }));

        var inForce = await AwaitInForceAsync(1);
        Assert.Equal(0, inForce["base"]!.GetValue<int>());
        var hold = JsonNode.Parse((await AllocAsync(
            "reservation", "hold", "--pool", "seats", "--id", "r", "-q", "1", "-o", "json")).Out)!;
        Assert.Equal(1, hold["policyVersion"]!.GetValue<int>());

        var again = await AllocAsync("policy", "apply", file, "--yes", "-o", "json");
        Assert.True(again.ExitCode == 0, again.Error + again.Out);
        Assert.All(
            JsonNode.Parse(again.Out)!["partitions"]!.AsArray(),
            partition => Assert.Equal("InForce", partition!["stand"]!.ToString()));

        var other = await AllocAsync("policy", "apply", Write("other", Document(1, "13m")), "--yes");
        Assert.Equal(1, other.ExitCode);
        Assert.Contains("Version 1 is there already with other content", other.Error, StringComparison.Ordinal);

        var late = await AllocAsync("policy", "apply", Write("late", Document(3, "13m")), "--yes", "--base", "2");
        Assert.Equal(1, late.ExitCode);
        Assert.Contains("Version 1 was applied last, not --base 2", late.Error, StringComparison.Ordinal);

        var without = await AllocAsync(
            "policy", "apply", Write("without", Document(2, "13m").Replace("[gold, ", "[", StringComparison.Ordinal)),
            "--yes");
        Assert.Equal(1, without.ExitCode);
        Assert.Contains("The class 'gold' of version 1 is gone", without.Out, StringComparison.Ordinal);
        Assert.Equal(1, (await GetAsync())["version"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_file_that_is_no_text_is_named_with_the_place_where_it_stops_being_one()
    {
        var file = Write("latin", "");
        await File.WriteAllBytesAsync(file, [.. "version: 1\n# caf"u8, 0xE9, (byte)'\n']);

        var run = await AllocAsync("policy", "validate", file);

        Assert.Equal(5, run.ExitCode);
        Assert.Contains($"{file}:2:6: The bytes from here on are no UTF-8 text.", run.Out, StringComparison.Ordinal);
        Assert.EndsWith("is not valid: 1 error", run.Out.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_error_of_a_file_is_shown_with_its_place()
    {
        var file = Write("wrong", Document(1, "12 minutes") + "quotas: []\n");

        var table = await AllocAsync("policy", "validate", file);
        var json = await AllocAsync("policy", "validate", file, "-o", "json");

        Assert.Equal(5, table.ExitCode);
        Assert.Contains(
            $"error  {file}:6:53: ttl[0].default: '12 minutes' is no duration. Write a number and a unit: 500ms, 30s, "
            + "15m, 24h, 7d, 1h30m or PT1H30M.",
            table.Out, StringComparison.Ordinal);
        var errors = JsonNode.Parse(json.Out)!["errors"]!.AsArray();
        Assert.Equal(["ttl[0].default", "quotas"], errors.Select(error => error!["path"]!.ToString()));
    }

    [Fact]
    public async Task A_wrong_policy_is_not_applied_anywhere()
    {
        var run = await AllocAsync("policy", "apply", Write("wrong", Document(7, "12 minutes")), "--yes");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Nothing was applied.", run.Error, StringComparison.Ordinal);
        Assert.NotEqual(7, (await GetAsync())["version"]!.GetValue<int>());
    }

    [Fact]
    public async Task Nobody_is_asked_where_nobody_can_answer()
    {
        var run = await AllocAsync("policy", "apply", Write("right", Document(9, "12m")), "-o", "json");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("apply needs --yes", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_is_tried_on_the_log_and_says_who_would_have_been_decided_differently()
    {
        await AllocAsync("pool", "configure", "tried", "--kind", "capacity", "--unit", "seat");
        await AllocAsync("pool", "supply", "set", "tried", "-q", "9");
        await AllocAsync("reservation", "hold", "--pool", "tried", "--id", "a", "-q", "2", "--ttl", "9m");
        await AllocAsync("reservation", "hold", "--pool", "tried", "--id", "b", "-q", "3");
        var file = Write("tried", Document(50, "7m") + """
            quota:
              - {id: quota/web, pools: tried, scope: class, value: standard, nominal: 4}

            """);

        var table = await AllocAsync("policy", "diff", file, "--replay", "1h");
        var json = JsonNode.Parse((await AllocAsync("policy", "diff", file, "--replay", "1h", "-o", "json")).Out)!;

        Assert.Equal(0, table.ExitCode);
        Assert.Contains("would have been decided differently under version 50", table.Out, StringComparison.Ordinal);
        var refused = json["examples"]!.AsArray().First(e => e!["wouldBe"]!.ToString() == "Rejected QuotaExceeded")!;
        Assert.Equal("tried", refused["poolId"]!.ToString());
        Assert.Equal("Held", refused["was"]!.ToString());
        Assert.StartsWith("b, 3 held", refused["wasTerms"]!.ToString(), StringComparison.Ordinal);
        Assert.Contains("were done and would be refused", table.Out, StringComparison.Ordinal);
        Assert.Equal("RefusedInstead", json["verdicts"]!.AsArray()[0]!["verdict"]!.ToString());
    }

    [Fact]
    public async Task The_policies_that_were_in_force_give_the_bytes_of_the_journal_again()
    {
        await AllocAsync("pool", "supply", "set", "bytes", "-q", "9");
        await AllocAsync("reservation", "hold", "--pool", "bytes", "--id", "a", "-q", "2");
        await AllocAsync("reservation", "hold", "--pool", "bytes", "--id", "b", "-q", "20");

        var run = await AllocAsync("policy", "diff", "--replay", "1h", "-o", "json");

        Assert.True(run.ExitCode == 0, run.Error + run.Out);
        var result = JsonNode.Parse(run.Out)!;
        Assert.True(result["journal"]!["sameBytes"]!.GetValue<bool>());
        Assert.True(result["journal"]!["outcomesInWindow"]!.GetValue<long>() >= 3);
        Assert.Equal(0, result["different"]!.GetValue<long>());
    }

    // Cause: a replay read keys less strictly than the engine does, and decided what the engine had put aside.
    [Fact]
    public async Task A_replay_passes_over_what_the_engine_put_aside()
    {
        await AllocAsync("pool", "supply", "set", "aside", "-q", "9");
        using var client = new CommandClient(dev.Deployment);
        var hold = client.Encode(CommandClient.Command("aside/hold", "aside", CommandClient.Hold("r", 1)));
        var partition = CommandClient.PartitionOf("aside");
        foreach (var (key, value) in new (byte[]? Key, byte[]? Value)[]
        {
            ([.. "aside"u8, 0xff], hold), ("aside"u8.ToArray(), [.. hold, 7]), ("aside"u8.ToArray(), null),
            ("aside"u8.ToArray(), []),
        })
        {
            await client.DeadLetterAsync(await client.WriteAsync(key, value, partition));
        }

        var run = await AllocAsync("policy", "diff", "--replay", "1h", "-o", "json");

        Assert.True(run.ExitCode == 0, run.Error + run.Out);
        Assert.True(JsonNode.Parse(run.Out)!["journal"]!["sameBytes"]!.GetValue<bool>());
    }

    [Fact]
    public async Task The_bytes_are_the_same_while_others_are_being_decided()
    {
        await AllocAsync("pool", "supply", "set", "busy", "-q", "100000");
        using var client = new CommandClient(dev.Deployment);
        using var stopping = new CancellationTokenSource();
        var traffic = Task.Run(async () =>
        {
            for (var n = 0; !stopping.IsCancellationRequested; n++)
            {
                await client.SendAsync(CommandClient.Command($"busy-{n}", "busy", CommandClient.Hold($"r{n}", 1)));
            }
        });

        for (var run = 0; run < 3; run++)
        {
            var same = await AllocAsync("policy", "diff", "--replay", "1h", "-o", "json");
            Assert.True(same.ExitCode == 0, same.Error + same.Out);
            Assert.Equal(0, JsonNode.Parse(same.Out)!["different"]!.GetValue<long>());
        }

        await stopping.CancelAsync();
        await traffic;
    }

    [Fact]
    public async Task A_replay_begins_with_the_newest_checkpoint_before_its_window()
    {
        await AllocAsync("pool", "supply", "set", "early", "-q", "9");
        await AllocAsync("reservation", "hold", "--pool", "early", "--id", "a", "-q", "2");
        var taken = await CommandLineRun.OfAsync(["checkpoint", "--console", dev.Deployment.Console, "-o", "json"]);
        var root = Path.GetFullPath(Path.Combine(
            JsonNode.Parse(taken.Out)!["checkpoints"]![0]!.ToString(), "../../.."));
        var since = Stopwatch.StartNew();

        // The window is given by its length: time passes, so that it holds the next command and not the one before.
        await Task.Delay(TimeSpan.FromSeconds(2));
        await AllocAsync("reservation", "hold", "--pool", "early", "--id", "b", "-q", "7");

        var run = await AllocAsync(
            "policy", "diff", "--replay", $"{since.ElapsedMilliseconds}ms", "--checkpoint-dir", root, "-o", "json");

        Assert.True(run.ExitCode == 0, run.Error + run.Out);
        var journal = JsonNode.Parse(run.Out)!["journal"]!;
        Assert.True(journal["checkpoints"]!.GetValue<int>() > 0);
        Assert.True(journal["sameBytes"]!.GetValue<bool>());
        Assert.True(journal["outcomesInWindow"]!.GetValue<long>() >= 1);
    }

    [Fact]
    public async Task The_schema_of_policies_is_printed()
    {
        var run = await AllocAsync("policy", "schema");

        Assert.Equal("Allocation policy", JsonNode.Parse(run.Out)!["title"]!.ToString());
    }

    public void Dispose() => directory.Dispose();

    private static string Document(int version, string ttl) => $$"""
        version: {{version}}
        classes: [gold, standard]
        class:
          - {id: class/all, pools: "*", class: standard}
        ttl:
          - {id: ttl/all, pools: "*", minimum: 1s, default: {{ttl}}, maximum: 1d, extensions: 10}
        conduct:
          - {id: conduct/all, pools: "*"}

        """;

    private string Write(string name, string text)
    {
        var file = directory[$"{name}.yaml"];
        File.WriteAllText(file, text);
        return file;
    }

    private async Task<JsonNode> GetAsync() =>
        JsonNode.Parse((await AllocAsync("policy", "get", "-o", "json")).Out)!;

    private async Task<JsonNode> AwaitInForceAsync(int version)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (true)
        {
            var now = await GetAsync();
            if (now["version"]!.GetValue<int>() == version
                && now["partitions"]!.AsArray().All(partition => partition!["stand"]!.ToString() == "InForce"))
            {
                return now;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(100), deadline.Token);
        }
    }

    private Task<CommandLineRun> AllocAsync(params string[] args) => CommandLineRun.OfAsync(
        args is ["policy", "validate" or "schema", ..] ? args
            : [.. args, "--timeout", "30s", .. dev.Deployment.Options]);
}
