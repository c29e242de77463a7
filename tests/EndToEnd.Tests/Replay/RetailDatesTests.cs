using System.Text.Json.Nodes;
using Alloc.Replay;
using Alloc.Tests.Support;
using EndToEnd.Tests.CommandLine;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Replay;

/// <summary>The forms in which public copies of the retail file have their dates.</summary>
public sealed class RetailDatesTests(SharedDev dev) : IClassFixture<SharedDev>
{
    private const string Second = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n";
    private static readonly DateTime First = new(2010, 12, 1, 8, 26, 0);
    private static readonly DateTime Later = new(2010, 12, 13, 15, 4, 0);

    [Theory]
    [InlineData("2010-12-01 08:26:00", "2010-12-13 15:04:00")]
    [InlineData("2010-12-01 08:26", "2010-12-13 15:04")]
    [InlineData("2010-12-01T08:26:00", "2010-12-13T15:04:00")]
    [InlineData("2010/12/1 8:26", "2010/12/13 15:04")]
    [InlineData("12/1/2010 8:26", "12/13/2010 15:04")]
    [InlineData("12/1/10 8:26", "12/13/10 15:04")]
    [InlineData("12/01/2010 08:26:00", "12/13/2010 15:04:00")]
    [InlineData("12/1/2010 8:26:00 AM", "12/13/2010 3:04:00 PM")]
    [InlineData("1/12/2010 8:26", "13/12/2010 15:04")]
    [InlineData("01-12-2010 08:26", "13-12-2010 15:04")]
    [InlineData("01.12.2010 08:26", "13.12.2010 15:04")]
    public void A_form_is_told_by_the_whole_file(string first, string later)
    {
        foreach (var header in new[] { RetailSample.Header, Second })
        {
            // The line that tells comes last.
            var (dates, rejects) = Read(header, first, later);

            Assert.Equal([First, Later], dates);
            Assert.Empty(rejects);
        }
    }

    [Theory]
    [InlineData(DateForm.MonthFirst, 12, 1)]
    [InlineData(DateForm.DayFirst, 1, 12)]
    internal void A_form_that_nothing_tells_is_asked_for_and_taken(DateForm form, int month, int day)
    {
        var e = Assert.Throws<InvalidDataException>(() => Read(RetailSample.Header, "12/1/2010 8:26"));
        var (dates, _) = Read(form, RetailSample.Header, "12/1/2010 8:26");

        Assert.Contains(
            "'12/1/2010 8:26' is 1 December 2010 or 12 January 2010, and no line tells. Say --date-form month-first or "
            + "--date-form day-first.", e.Message, StringComparison.Ordinal);
        Assert.Equal([new DateTime(2010, month, day, 8, 26, 0)], dates);
    }

    [Fact]
    public void A_day_that_is_the_same_both_ways_needs_no_telling() =>
        Assert.Equal(
            [new DateTime(2010, 12, 12, 8, 26, 0)], Read(RetailSample.Header, "12/12/2010 8:26").Dates);

    [Fact]
    public void Lines_that_tell_different_forms_are_named()
    {
        string[] dates = ["12/1/2010 8:26", "12/13/2010 8:26", "13/12/2010 8:26"];

        var e = Assert.Throws<InvalidDataException>(() => Read(RetailSample.Header, dates));
        var (taken, rejects) = Read(DateForm.DayFirst, RetailSample.Header, dates);

        Assert.Contains("'12/13/2010 8:26' in line 3 has the month first", e.Message, StringComparison.Ordinal);
        Assert.Contains("'13/12/2010 8:26' in line 4 the day", e.Message, StringComparison.Ordinal);
        Assert.Equal([new DateTime(2010, 1, 12, 8, 26, 0), new DateTime(2010, 12, 13, 8, 26, 0)], taken);
        Assert.Equal((3, RejectReason.BadDate), (Assert.Single(rejects).Row, rejects[0].Reason));
        Assert.Contains("12/13/2010", rejects[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_of_another_form_is_rejected_as_it_stands()
    {
        var (dates, rejects) = Read(
            RetailSample.Header, "2010-12-01 08:26:00", "12/13/2010 15:04", "2010-12-13 15:04:00");
        var (others, otherRejects) = Read(RetailSample.Header, "12/13/2010 15:04", "2010-12-01 08:26:00", "soon");

        Assert.Equal([First, Later], dates);
        Assert.Contains("12/13/2010 15:04", Assert.Single(rejects).Text, StringComparison.Ordinal);
        Assert.Equal([Later], others);
        Assert.Equal([RejectReason.BadDate, RejectReason.BadDate], otherRejects.Select(r => r.Reason));
        Assert.All(otherRejects, r => Assert.NotEmpty(r.Text));
    }

    [Theory]
    [InlineData("a,b,c\n1,2,3\n", "is the header of no known format")]
    [InlineData(RetailSample.Header, "it has no line to replay. A line is 536365,85123A,")]
    [InlineData(RetailSample.Header + "536365,85123A,X,6,yesterday,2.55,17850,UK\n",
        "none of its 1 lines can be replayed; line 2 is rejected as BadDate: 536365,85123A,X,6,yesterday")]
    [InlineData(RetailSample.Header + "536365,POST,X,6,2010-12-01 08:26:00,2.55,17850,UK\n",
        "line 2 is rejected as NotMerchandise")]
    [InlineData(RetailSample.Header + "536365,85123A,X,6,12/1/2010 8:26,2.55,17850,UK\n", "--date-form month-first")]
    [InlineData("PK\u0003\u0004xl/workbook.xml\n", "save it as CSV first")]
    public async Task A_replay_of_nothing_is_a_usage_error_that_says_what_is_known(string text, string expected)
    {
        using var directory = new TemporaryDirectory();
        var file = directory["file.csv"];
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);

        var run = await CommandLineRun.OfAsync(["replay", file, "--rejects", directory["rejects.csv"]]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Out);
    }

    [Fact]
    public async Task A_replay_counts_what_its_own_reservations_did_and_nobody_elses()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(
            directory["file.csv"], RetailSample.Header + "536365,85123A,X,6,12/13/2010 8:26,2.55,17850,UK\n",
            TestContext.Current.CancellationToken);
        using (var client = new CommandClient(dev.Deployment))
        {
            await client.StockAsync("85123A", 50);
            await client.AskAsync(CommandClient.Command(
                "foreign", "85123A", CommandClient.Hold("somebody-elses", 2) with { TtlMs = 1_000 }));
            await AwaitAsync(client, CommandClient.PartitionOf("85123A"), o => o.Event.GetType().Name == "Expired");
        }

        var run = await CommandLineRun.OfAsync(
            ["replay", directory["file.csv"], "--rejects", directory["rejects.csv"], "-o", "json", "--bootstrap",
                dev.Deployment.Bootstrap, "--registry", dev.Deployment.Registry]);

        Assert.True(run.ExitCode == 0, $"{run}");
        var outcomes = JsonNode.Parse(run.Out)!["outcomes"]!.AsObject();
        Assert.False(outcomes.ContainsKey("Expired"), run.Out);
        Assert.Equal(1, (int)outcomes["Held"]!);
    }

    private static async Task AwaitAsync(
        CommandClient client, int partition, Func<Alloc.Schemas.Allocation.AllocationOutcome, bool> isSo) =>
        Assert.True(await Task.Run(() => client.Journal(partition, TimeSpan.FromSeconds(60)).Any(isSo)));

    private static (List<DateTime> Dates, List<RejectedLine> Rejects) Read(string header, params string[] dates) =>
        Read(DateForm.Auto, header, dates);

    private static (List<DateTime> Dates, List<RejectedLine> Rejects) Read(
        DateForm form, string header, params string[] dates)
    {
        var (lines, rejects) = (new List<RetailLine>(), new List<RejectedLine>());
        var text = header + string.Concat(dates.Select((d, i) => $"{536365 + i},85123A,X,6,{d},2.55,17850.0,UK\n"));
        RetailReader.Read(new StringReader(text), lines.Add, rejects.Add, form);
        return ([.. lines.Select(l => l.SoldAt)], rejects);
    }
}
