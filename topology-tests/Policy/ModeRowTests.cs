using Alloc.Processors.Allocation.Policy;

namespace Topology.Tests.Policy;

/// <summary>What a document may say of degraded modes.</summary>
public sealed class ModeRowTests
{
    private const string Waitlist = "waitlist: [{id: w, pools: \"*\", order: strictFifo, offerTtl: 1h, "
        + "maximumWait: 1h, maximumWaiters: 10}]\n";

    [Fact]
    public void Every_effect_is_read_and_written_again()
    {
        var policy = PolicyDocument.ParseAny(PolicyTexts.Smallest + Waitlist + """
            modes:
              - {id: m1, mode: slow, pools: "*", effect: extendHolds, cap: 10m}
              - {id: m2, mode: stop, pools: "a*", effect: rejectHolds}
              - {id: m3, mode: busy, pools: "*", effect: waitlistClasses, classes: [web]}
              - {id: m4, mode: short, pools: "*", effect: shortenTtl, cap: 1m, classes: [web, gold]}
              - {id: m5, mode: brief, pools: "*", effect: shortenTtl, cap: 1m}

            """).Policy!;

        Assert.Equal(
            [
                new ModeRow("m1", "slow", PoolPattern.All, ModeEffect.ExtendHolds, 600_000),
                new ModeRow("m2", "stop", new PoolPattern("a*"), ModeEffect.RejectHolds, 0),
                new ModeRow("m3", "busy", PoolPattern.All, ModeEffect.WaitlistClasses, 0) { Classes = ["web"] },
                new ModeRow("m4", "short", PoolPattern.All, ModeEffect.ShortenTtl, 60_000)
                {
                    Classes = ["web", "gold"],
                },
                new ModeRow("m5", "brief", PoolPattern.All, ModeEffect.ShortenTtl, 60_000),
            ],
            policy.ModeTable);
        var again = PolicyDocument.Parse(PolicyDocument.Write(policy)).Policy!;
        Assert.Equal(policy.ModeTable, again.ModeTable);
    }

    [Fact]
    public void Row_without_classes_is_written_as_before_there_were_any()
    {
        const string row = "{id: m, mode: slow, pools: \"*\", effect: extendHolds, cap: 10m}";

        var policy = PolicyDocument.ParseAny($"{PolicyTexts.Smallest}modes: [{row}]\n").Policy!;

        Assert.Contains(
            """
            "modes":[{"id":"m","pools":"*","mode":"slow","effect":"extendHolds","cap":"10m"}]
            """.Trim(), PolicyDocument.Write(policy), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("effect: waitlistClasses", "modes[0].classes")]
    [InlineData("effect: waitlistClasses, classes: []", "modes[0].classes")]
    [InlineData("effect: waitlistClasses, classes: [golden]", "modes[0].classes")]
    [InlineData("effect: waitlistClasses, classes: [web], cap: 1m", "modes[0].cap")]
    [InlineData("effect: shortenTtl", "modes[0].cap")]
    [InlineData("effect: shortenTtl, cap: 0s", "modes[0].cap")]
    [InlineData("effect: extendHolds, cap: 1m, classes: []", "modes[0].classes")]
    [InlineData("effect: rejectHolds, classes: [web, web]", "modes[0].classes")]
    public void What_a_row_lacks_or_has_too_much_is_named(string fields, string place)
    {
        var errors = PolicyTexts.ErrorsWith($"{Waitlist}modes: [{{id: m, mode: x, pools: \"*\", {fields}}}]\n");

        Assert.Contains(place, Assert.Single(errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(Waitlist, false)]
    public void A_mode_in_which_nobody_can_wait_is_noted(string waitlist, bool isNoted)
    {
        var reading = PolicyDocument.ParseAny(
            $"{PolicyTexts.Smallest}classMappings: [{{from: standard, to: web}}]\n{waitlist}"
            + "modes: [{id: m, mode: busy, pools: \"*\", effect: waitlistClasses, classes: [web]}]\n");

        Assert.Equal(isNoted, reading.Notes.Any(
            n => n.ToString().Contains("Nobody can wait for pools *", StringComparison.Ordinal)));
        Assert.Empty(reading.Errors);
    }
}
