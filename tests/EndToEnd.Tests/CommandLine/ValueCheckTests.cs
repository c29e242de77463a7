using System.CommandLine;
using Alloc.Cli.CommandLine;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>
/// What holds for the value of every option and argument of every command. The command tree itself is the table, so an
/// option that is added tomorrow is tested too.
/// </summary>
public sealed class ValueCheckTests
{
    private static readonly string[] TypeNames =
        ["System.", "Nullable", "`1", "Int32", "Int64", "Boolean", "TimeSpan", "Exception", "(Parameter", "   at "];

    /// <summary>Every command that does something, by its words.</summary>
    public static TheoryData<string> Commands =>
        [.. Leaves(CommandTree.Build(), []).Select(leaf => string.Join(' ', leaf.Words)).Order()];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task No_option_and_no_argument_takes_an_empty_or_a_blank_value(string words)
    {
        var command = Find(words);
        var failures = new List<string>();
        foreach (var value in new[] { "", " ", "\t" })
        {
            foreach (var option in OptionsOf(command).Where(o => !MayBeEmpty(o) || value.Length > 0))
            {
                if (option.ValueType == typeof(bool))
                {
                    // A flag takes no word after it, so an empty one is an argument too many.
                    await ExpectAsync(null, [.. words.Split(' '), $"{option.Name}={value}"]);
                    continue;
                }
                await ExpectAsync(option.Name, [.. words.Split(' '), option.Name, value]);
                await ExpectAsync(option.Name, [.. words.Split(' '), $"{option.Name}={value}"]);
            }
            for (var at = 0; at < command.Arguments.Count; at++)
            {
                string[] before = [.. command.Arguments.Take(at).Select(a => a.ValueType == typeof(int) ? "0" : "x")];
                await ExpectAsync(
                    $"<{command.Arguments[at].Name}>", [.. words.Split(' '), .. before, value]);
            }
        }

        Assert.Empty(failures);

        async Task ExpectAsync(string? name, string[] arguments)
        {
            var run = await CommandLineRun.OfAsync(arguments);
            if (run.ExitCode != 2 || (name is not null && !run.Error.Split('\n').Any(line => line.StartsWith(
                $"alloc: {name}: the value is ", StringComparison.Ordinal))))
            {
                failures.Add($"{string.Join('|', arguments)}: {run.ExitCode} {run.Error}");
            }
        }
    }

    [Fact]
    public void Only_the_prefix_of_topics_may_be_empty_because_none_is_a_prefix_too()
    {
        var empty = Leaves(CommandTree.Build(), []).SelectMany(leaf => OptionsOf(leaf.Command)).Where(MayBeEmpty)
            .Select(o => o.Name).Distinct();

        Assert.Equal(["--topic-prefix"], empty);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task No_setting_takes_an_empty_value_from_the_environment_or_the_file(string words)
    {
        using var directory = new TemporaryDirectory();
        var failures = new List<string>();
        foreach (var option in OptionsOf(Find(words)).Where(o => o is ISetting && !MayBeEmpty(o)))
        {
            var setting = (ISetting)option;
            foreach (var value in new[] { "", "  " })
            {
                await File.WriteAllTextAsync(
                    directory["alloc.json"], $"{{\"{setting.Key}\": \"{value}\"}}",
                    TestContext.Current.CancellationToken);
                var environment = await CommandLineRun.OfAsync(words.Split(' '), (setting.Variable, value));
                var file = await CommandLineRun.OfAsync(
                    words.Split(' '), ("ALLOC_CONFIG", directory["alloc.json"]));
                if (environment.ExitCode != 2 || !environment.Error.StartsWith(
                    $"alloc: {setting.Variable} ({option.Name}) is ", StringComparison.Ordinal))
                {
                    failures.Add($"{setting.Variable}='{value}': {environment}");
                }
                if (file.ExitCode != 2 || !file.Error.StartsWith(
                    $"alloc: {setting.Key} of {directory["alloc.json"]} ({option.Name}) is ",
                    StringComparison.Ordinal))
                {
                    failures.Add($"{setting.Key}: '{value}': {file}");
                }
            }
        }

        Assert.Empty(failures);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void A_bad_value_is_answered_with_the_name_and_without_a_type_of_the_program(string words)
    {
        var command = Find(words);
        var failures = new List<string>();
        foreach (var value in new[] { "no such value", "1.5", "99999999999999999999", "-1e400d", "1e400", "\u0665" })
        {
            foreach (var option in OptionsOf(command))
            {
                Expect(option.Name, option.ValueType, option is ISetting, value,
                    Errors([.. words.Split(' '), option.Name, value]));
            }
            for (var at = 0; at < command.Arguments.Count; at++)
            {
                string[] before = [.. command.Arguments.Take(at).Select(a => a.ValueType == typeof(int) ? "0" : "x")];
                Expect($"<{command.Arguments[at].Name}>", command.Arguments[at].ValueType, false, value,
                    Errors([.. words.Split(' '), .. before, value]));
            }
        }

        Assert.Empty(failures);

        void Expect(string name, Type type, bool isSetting, string value, IReadOnlyList<string> errors)
        {
            var isText = type == typeof(string) || type == typeof(string[]);
            // A flag takes no word after it: that is an argument too many.
            var isFlag = type == typeof(bool);
            if (errors.Any(e => TypeNames.Any(t => e.Contains(t, StringComparison.Ordinal)))
                || (!isText && !isFlag && !errors.Any(e => e.Contains(name, StringComparison.Ordinal)
                    && e.Contains(value, StringComparison.Ordinal))))
            {
                failures.Add($"{words} {name} '{value}': {string.Join(" / ", errors)}");
            }
        }
    }

    [Theory]
    [InlineData("--quantity", "1.5", "--quantity: '1.5' is not a whole number.")]
    [InlineData("--quantity", "9223372036854775808",
        "--quantity: '9223372036854775808' is out of range; write -9223372036854775808 to 9223372036854775807.")]
    [InlineData("--ttl", "15 minutes",
        "--ttl: '15 minutes' is not a duration; write for instance 500ms, 30s, 15m, 24h, 7d, 1h30m or PT1H30M.")]
    [InlineData("--ttl", "36501d", "--ttl: '36501d' is out of range; write 0s to 36500d.")]
    [InlineData("--timeout", "0s", "--timeout: '0s' is out of range; write 1ms to 1d.")]
    [InlineData("--timeout", "3000000h", "--timeout: '3000000h' is out of range; write 1ms to 1d.")]
    [InlineData("--wait-until", "03/04/2027",
        "--wait-until: '03/04/2027' is not a time (ISO 8601 with a zone); write for instance 2027-03-28T18:00:00Z, "
        + "2027-03-28T20:00:00+02:00, now, +15m or -2h.")]
    [InlineData("--wait-until", "2027-03-28T20:00",
        "--wait-until: '2027-03-28T20:00' has no time zone: end it with Z for UTC, or with its offset from UTC, for "
        + "instance +02:00.")]
    [InlineData("--mode", "3", "--mode: '3' is none of all-or-nothing, partial, waitlist.")]
    public async Task What_was_read_and_how_to_write_it_is_said(string option, string value, string expected)
    {
        var run = await CommandLineRun.OfAsync(
            ["reservation", "hold", "--pool", "p", "--id", "i", "--quantity", "1", option, value]);

        Assert.Equal(2, run.ExitCode);
        if (option != "--quantity")
        {
            Assert.Contains($"alloc: {expected}\n", run.Error, StringComparison.Ordinal);
        }
        else
        {
            var only = await CommandLineRun.OfAsync(
                ["reservation", "hold", "--pool", "p", "--id", "i", option, value]);
            Assert.Contains($"alloc: {expected}\n", only.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("reservation", "release-all", "--order=", "--reason", "x", "--yes")]
    [InlineData("reservation", "release-all", "--order:", "--reason", "x", "--yes")]
    [InlineData("reservation", "release-all", "--order", "", "--reason", "x", "--yes")]
    public async Task An_empty_value_does_not_eat_the_option_after_it(params string[] words)
    {
        var run = await CommandLineRun.OfAsync(words);

        Assert.Equal(2, run.ExitCode);
        Assert.Equal(
            ["alloc: --order: the value is empty; leave it out, or give one.",
                "Usage: alloc reservation release-all --help"],
            run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task An_option_where_a_value_belongs_is_a_value_that_was_forgotten()
    {
        var run = await CommandLineRun.OfAsync(
            ["reservation", "release-all", "--order", "--reason", "x", "--yes"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--order has no value: '--reason' after it is an option.", run.Error, StringComparison.Ordinal);
        Assert.Contains("write --order=--reason", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_that_looks_like_an_option_is_taken_after_an_equals_sign()
    {
        var root = CommandTree.Build();

        var words = ShellWords.Check(
            root, ["reservation", "get", "--pool=--pool", "--id", "-a", "--console", "http://x", "--", "--id="]);

        Assert.Equal(
            ["reservation", "get", "--pool=--pool", "--id", "-a", "--console", "http://x", "--", "--id="], words);
    }

    [Fact]
    public async Task Release_all_without_a_filter_is_refused()
    {
        var run = await CommandLineRun.OfAsync(["reservation", "release-all", "--reason", "x", "--yes"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("Say which reservations", run.Error, StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Errors(string[] arguments)
    {
        var root = CommandTree.Build();
        return [.. AllocCli.Errors(root.Parse(arguments))];
    }

    private static bool MayBeEmpty(Option option) => option is ISetting { MayBeEmpty: true };

    private static Command Find(string words) =>
        Leaves(CommandTree.Build(), []).Single(leaf => string.Join(' ', leaf.Words) == words).Command;

    private static IEnumerable<Option> OptionsOf(Command command) => command.Options
        .Concat(command.Parents.OfType<Command>().SelectMany(p => p.Options.Where(o => o.Recursive)))
        .Where(o => o.GetType().Namespace?.StartsWith("System.CommandLine.Help", StringComparison.Ordinal) != true
            && o is not VersionOption).DistinctBy(o => o.Name);

    private static IEnumerable<(string[] Words, Command Command)> Leaves(Command command, string[] words) =>
        command.Subcommands.Count == 0
            ? [(words, command)]
            : command.Subcommands.SelectMany(below => Leaves(below, [.. words, below.Name]));
}
