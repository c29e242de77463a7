using System.Text.Json.Nodes;
using Alloc.Schemas.Catalogue;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>
/// What operators type, against a running <c>alloc dev</c>: data on standard output, exit codes, nothing done twice.
/// </summary>
public sealed class OperatorCommandTests(SharedDev dev) : IClassFixture<SharedDev>
{
    [Fact]
    public async Task A_write_prints_its_outcome_as_the_contract_has_it()
    {
        await PoolAsync("json", 5);

        var run = await AllocAsync(
            "reservation", "hold", "--pool", "json", "--id", "r", "-q", "2", "--command-id", "c", "-o", "json");
        var outcome = JsonNode.Parse(run.Out)!;

        Assert.Equal(0, run.ExitCode);
        Assert.Equal("json", outcome["poolId"]!.GetValue<string>());
        Assert.Equal("c", outcome["commandId"]!.GetValue<string>());
        Assert.Equal("Held", outcome["event"]!["type"]!.GetValue<string>());
        Assert.Equal(3, outcome["balancesAfter"]!["free"]!.GetValue<long>());
    }

    [Fact]
    public async Task A_deficit_is_listed_with_the_reservations_that_would_cover_it()
    {
        await PoolAsync("deficit/a", 6);
        foreach (var id in (string[])["old", "firm", "new"])
        {
            await AllocAsync("reservation", "hold", "--pool", "deficit/a", "--id", id, "-q", "2");
        }
        await AllocAsync("reservation", "confirm", "--pool", "deficit/a", "--id", "firm");
        await AllocAsync("pool", "supply", "set", "deficit/a", "-q", "1");

        var all = await AllocAsync(["pool", "deficit", .. Console, "-o", "jsonl"], talksToKafka: false);
        var run = await AllocAsync(
            ["pool", "deficit", "deficit/a", .. Console, "-o", "json"], talksToKafka: false);
        Assert.True(run.ExitCode == 0, $"{run}");
        var one = JsonNode.Parse(run.Out)!;
        var table = await AllocAsync(["pool", "deficit", "deficit/a", .. Console], talksToKafka: false);

        Assert.Contains("""{"poolId":"deficit/a","deficit":5,""", all.Out, StringComparison.Ordinal);
        Assert.Equal((5, 6, true), (one["deficit"]!.GetValue<int>(), one["sum"]!.GetValue<int>(),
            one["covers"]!.GetValue<bool>()));
        Assert.Equal(
            ["new 2 0", "old 2 0", "firm 0 2"],
            one["reservations"]!.AsArray().Select(r => $"{r!["reservationId"]} {r["held"]} {r["confirmed"]}"));
        Assert.Contains("an operator decides", table.Out, StringComparison.Ordinal);
        Assert.Equal(0, table.ExitCode);
    }

    [Fact]
    public async Task A_rejection_is_data_with_exit_code_4()
    {
        await PoolAsync("rejected", 1);

        var run = await AllocAsync("reservation", "hold", "--pool", "rejected", "--id", "r", "-q", "2");

        Assert.Equal(4, run.ExitCode);
        Assert.Contains("InsufficientAvailability", run.Out, StringComparison.Ordinal);
        Assert.Contains("short by 1", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repeat_gets_the_answer_of_the_original()
    {
        await PoolAsync("repeat", 5);
        string[] hold =
        [
            "reservation", "hold", "--pool", "repeat", "--id", "r", "-q", "2", "--command-id", "c", "-o", "jsonl"
        ];

        var first = JsonNode.Parse((await AllocAsync(hold)).Out)!;
        var second = JsonNode.Parse((await AllocAsync(hold)).Out)!;

        Assert.Equal($"repeat#{first["sequence"]}", second["duplicateOf"]!.GetValue<string>());
        Assert.Equal(first["event"]!.ToJsonString(), second["event"]!.ToJsonString());
        Assert.Equal(3, second["balancesAfter"]!["free"]!.GetValue<long>());
    }

    [Fact]
    public async Task The_same_command_id_for_something_else_is_a_conflict()
    {
        await PoolAsync("conflict", 5);
        await AllocAsync("reservation", "hold", "--pool", "conflict", "--id", "r", "-q", "2", "--command-id", "c");

        var run = await AllocAsync(
            "reservation", "hold", "--pool", "conflict", "--id", "r", "-q", "3", "--command-id", "c");

        Assert.Equal(4, run.ExitCode);
        Assert.Contains("IdempotencyConflict", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reservation_goes_all_its_way_and_its_history_tells_so()
    {
        await PoolAsync("way", 5);
        string[] reservation = ["--pool", "way", "--id", "r"];
        await AllocAsync(["reservation", "hold", .. reservation, "-q", "4"]);
        await AllocAsync(["reservation", "extend", .. reservation, "--ttl", "20m"]);
        await AllocAsync(["reservation", "confirm", .. reservation, "-q", "3"]);
        await AllocAsync(["reservation", "consume", .. reservation, "-q", "2"]);
        await AllocAsync(["reservation", "return", .. reservation, "-q", "1"]);
        await AllocAsync(["reservation", "release", .. reservation, "--bucket", "confirmed"]);

        var history = await AllocAsync(["reservation", "history", .. reservation, "-o", "jsonl"]);
        var now = JsonNode.Parse((await AllocAsync(
            ["reservation", "get", .. reservation, .. Console, "-o", "json"], talksToKafka: false)).Out)!;

        Assert.Equal(
            ["Held", "Extended", "Confirmed", "Consumed", "Returned", "Released"],
            history.Out.Split('\n').Select(l => JsonNode.Parse(l)!["event"]!.GetValue<string>()));
        var last = await AllocAsync("pool", "history", "way", "-n", "2", "-o", "jsonl");
        Assert.Equal(
            ["Returned", "Released"],
            last.Out.Split('\n').Select(l => JsonNode.Parse(l)!["event"]!.GetValue<string>()));
        Assert.Equal(2, now["consumed"]!.GetValue<long>());
        Assert.Equal(1, now["returned"]!.GetValue<long>());
        Assert.Equal(0, now["held"]!.GetValue<long>() + now["confirmed"]!.GetValue<long>());
    }

    [Fact]
    public async Task Supply_is_added_with_the_number_that_the_ledger_gives_it()
    {
        await PoolAsync("added", 5);

        var first = await AllocAsync(["pool", "supply", "add", "added", "-q", "3", .. Console, "-o", "json"]);
        var second = await AllocAsync("pool", "supply", "add", "added", "-q", "-1", "-o", "json");
        var numbered = await AllocAsync(
            "pool", "supply", "add", "added", "-q", "-1", "--source-sequence", "2", "-o", "json");
        var wms = (string[])["pool", "supply", "add", "added", "-q", "4", "--source", "wms"];
        var own = await AllocAsync([.. wms, "--source-sequence", "1", "-o", "json"]);
        var again = await AllocAsync([.. wms, "--source-sequence", "1", "-o", "json"]);
        var guessed = await AllocAsync([.. wms, "-o", "json"]);

        Assert.Equal((0, 0, 0), (first.ExitCode, second.ExitCode, own.ExitCode));
        Assert.Equal(7, JsonNode.Parse(second.Out)!["balancesAfter"]!["free"]!.GetValue<long>());
        Assert.Equal(2, JsonNode.Parse(second.Out)!["event"]!["sourceSequence"]!.GetValue<long>());
        Assert.Equal(11, JsonNode.Parse(own.Out)!["balancesAfter"]!["free"]!.GetValue<long>());
        Assert.Equal((4, 4, 4), (numbered.ExitCode, again.ExitCode, guessed.ExitCode));
        Assert.Contains("the ledger numbers the facts", numbered.Out, StringComparison.Ordinal);
        Assert.Contains("numbers its facts", guessed.Out, StringComparison.Ordinal);
        Assert.Equal("Duplicate", JsonNode.Parse(again.Out)!["event"]!["why"]!.GetValue<string>());
    }

    [Fact]
    public async Task Ids_with_slashes_are_read_over_http_too()
    {
        await PoolAsync("quota/dealer 7", 5);
        await AllocAsync("reservation", "hold", "--pool", "quota/dealer 7", "--id", "order-17/line 2", "-q", "1");

        var pool = await AllocAsync(["pool", "get", "quota/dealer 7", .. Console, "-o", "json"], talksToKafka: false);
        var found = await AllocAsync(
            ["reservation", "get", "--pool", "quota/dealer 7", "--id", "order-17/line 2", .. Console, "-o", "json"],
            talksToKafka: false);

        Assert.Equal("quota/dealer 7", JsonNode.Parse(pool.Out)!["poolId"]!.GetValue<string>());
        Assert.Equal("Held", JsonNode.Parse(found.Out)!["status"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("pool", "get", "no-such-pool")]
    [InlineData("reservation", "get", "--pool", "no-such-pool", "--id", "r")]
    public async Task What_is_not_there_is_exit_code_3(params string[] command)
    {
        var run = await AllocAsync([.. command, .. Console], talksToKafka: false);

        Assert.Equal((3, ""), (run.ExitCode, run.Out));
    }

    [Fact]
    public async Task Explain_finds_a_command_a_reservation_and_a_pool()
    {
        await PoolAsync("explained", 2);
        await AllocAsync("reservation", "hold", "--pool", "explained", "--id", "explained-r", "-q", "3",
            "--command-id", "explained-c");

        var command = await AllocAsync("explain", "explained-c");
        var reservation = await AllocAsync("explain", "explained-r", "--pool", "explained");
        var pool = await AllocAsync("explain", "explained", "-o", "json");
        var nothing = await AllocAsync(["explain", "never-heard-of", .. Console]);

        Assert.Contains("availability", command.Out, StringComparison.Ordinal);
        Assert.Contains("requested 3, available 2", command.Out, StringComparison.Ordinal);
        Assert.Equal(command.Out, reservation.Out);
        Assert.Equal("Rejected", JsonNode.Parse(pool.Out)!["event"]!["type"]!.GetValue<string>());
        Assert.Equal(3, nothing.ExitCode);
    }

    [Fact]
    public async Task Topics_schemas_groups_and_the_machine_can_be_looked_at()
    {
        await PoolAsync("looked-at", 2);

        var tail = await AllocAsync(
            "topic", "tail", "allocation.outcomes", "--key", "looked-at", "-n", "1", "-o", "jsonl");
        var schemas = await AllocAsync(
            ["schema", "list", "--registry", dev.Deployment.Registry, "-o", "jsonl"], talksToKafka: false);
        var group = await AllocAsync(
            ["group", "describe", "allocation", "--bootstrap", dev.Deployment.Bootstrap, "-o", "jsonl"],
            talksToKafka: false);
        var doctor = await AllocAsync(
            ["doctor", .. Console, .. dev.Deployment.Options, "-o", "jsonl"], talksToKafka: false);

        Assert.Equal("looked-at", JsonNode.Parse(tail.Out)!["value"]!["poolId"]!.GetValue<string>());
        Assert.Equal(
            TopicCatalogue.Load().Topics.Count(t => t.Schema is not null), schemas.Out.Split('\n').Length);
        Assert.All(group.Out.Split('\n'), l => Assert.Contains(
            dev.Deployment.Console, JsonNode.Parse(l)!["client"]!.GetValue<string>(), StringComparison.Ordinal));
        Assert.All(
            doctor.Out.Split('\n'), l => Assert.NotEqual("fail", JsonNode.Parse(l)!["verdict"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_schema_is_printed_by_its_subject_its_version_or_its_id()
    {
        const string subject = "allocation.commands-value";

        var newest = JsonNode.Parse((await SchemaAsync(subject, "-o", "json")).Out)!;
        var first = JsonNode.Parse((await SchemaAsync(subject, "--version", "1", "-o", "json")).Out)!;
        var byId = JsonNode.Parse((await SchemaAsync(newest["id"]!.ToString(), "-o", "json")).Out)!;
        var table = await SchemaAsync(subject);

        Assert.Equal(subject, newest["subject"]!.GetValue<string>());
        Assert.Equal("AllocationCommand", newest["schema"]!["name"]!.GetValue<string>());
        Assert.Equal(newest.ToJsonString(), first.ToJsonString());
        Assert.Equal(newest["schema"]!.ToJsonString(), byId["schema"]!.ToJsonString());
        Assert.Equal(newest["schema"]!.ToJsonString(), JsonNode.Parse(table.Out)!.ToJsonString());
    }

    [Theory]
    [InlineData(3, "nothing-value")]
    [InlineData(3, "allocation.commands-value", "--version", "99")]
    [InlineData(3, "99999")]
    [InlineData(2, "allocation.commands-value", "--version", "0")]
    [InlineData(2, "allocation.commands-value", "--version", "newest")]
    public async Task A_schema_that_is_not_there_is_not_found_and_a_version_is_a_number(
        int exitCode, params string[] arguments)
    {
        Assert.Equal(exitCode, (await SchemaAsync(arguments)).ExitCode);
    }

    [Fact]
    public async Task A_checkpoint_is_written_where_the_server_keeps_them()
    {
        var run = await AllocAsync(["checkpoint", .. Console, "-o", "json"], talksToKafka: false);

        Assert.Equal(0, run.ExitCode);
        Assert.All(JsonNode.Parse(run.Out)!["checkpoints"]!.AsArray(),
            p => Assert.True(Directory.Exists(p!.GetValue<string>())));
    }

    private Task<ProcessResult> SchemaAsync(params string[] arguments) => AllocAsync(
        ["schema", "get", .. arguments, "--registry", dev.Deployment.Registry], talksToKafka: false);

    private string[] Console => ["--console", dev.Deployment.Console];

    private async Task PoolAsync(string pool, int supply)
    {
        var configured = await AllocAsync("pool", "configure", pool, "--kind", "capacity", "--unit", "seat");
        var supplied = await AllocAsync("pool", "supply", "set", pool, "-q", $"{supply}");

        Assert.True(configured.ExitCode == 0 && supplied.ExitCode == 0, $"{configured}\n{supplied}");
    }

    private Task<ProcessResult> AllocAsync(params string[] arguments) => AllocAsync(arguments, talksToKafka: true);

    /// <summary>
    /// In this process: the command line itself is what is tested here, and a process a command would take minutes.
    /// </summary>
    private async Task<ProcessResult> AllocAsync(string[] arguments, bool talksToKafka)
    {
        string[] options = talksToKafka ? ["--timeout", "30s", .. dev.Deployment.Options] : ["--timeout", "30s"];
        var run = await CommandLineRun.OfAsync([.. arguments, .. options]);
        return new ProcessResult(run.ExitCode, run.Out.TrimEnd(), run.Error.TrimEnd());
    }
}
