using System.Text;
using Alloc.Engine.Joins;
using Alloc.Engine.Processing;
using Alloc.Engine.Testing;

namespace Engine.Tests.Joins;

/// <summary>Joins that say themselves whose silence a record waits for.</summary>
public sealed class JoinClaimsTests
{
    private const long StartMs = 1_000_000;
    private static readonly JoinWindows Windows = JoinWindows.OfTimeDifferenceAndGrace(
        TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(10));

    [Fact]
    public void A_record_waits_for_every_source_that_it_claims_and_for_no_other()
    {
        using var driver = Driver(claims: [JoinCase.Right, JoinCase.LeftMore]);
        Pipe(driver, JoinCase.Left, "l", 0);
        driver.PauseInput(JoinCase.LeftMore);
        Append(driver, JoinCase.LeftMore, "waits");

        driver.AdvanceWallClock(TimeSpan.FromMinutes(10));
        var whileHeld = JoinCase.ReadAll(driver);
        driver.ResumeInput(JoinCase.LeftMore);
        driver.AdvanceWallClock(TimeSpan.FromMinutes(1));

        Assert.Empty(whileHeld);
        Assert.Contains(JoinCase.ReadAll(driver), line => line.StartsWith("out k l+null", StringComparison.Ordinal));
    }

    [Fact]
    public void Sources_of_its_own_side_hold_no_record_that_claims_the_other()
    {
        using var driver = Driver(claims: null);
        Pipe(driver, JoinCase.Left, "l", 0);
        driver.PauseInput(JoinCase.LeftMore);
        Append(driver, JoinCase.LeftMore, "waits");

        driver.AdvanceWallClock(TimeSpan.FromMinutes(10));

        Assert.Equal([$"out k l+null {driver.NowMs}"], JoinCase.ReadAll(driver));
    }

    /// <summary>What a record claims says when it leaves alone, never which pairs there are.</summary>
    [Fact]
    public void A_record_that_found_one_partner_finds_the_next_though_it_claims_nothing_of_their_side()
    {
        using var driver = Driver(claims: [JoinCase.Left, JoinCase.LeftMore], rightClaims: [JoinCase.Left]);
        Pipe(driver, JoinCase.Left, "l", 0);
        Pipe(driver, JoinCase.Right, "r1", 0);
        driver.PauseInput(JoinCase.Right);
        Append(driver, JoinCase.Right, "r2");

        driver.AdvanceWallClock(TimeSpan.FromMinutes(10));
        driver.ResumeInput(JoinCase.Right);

        Assert.Equal([$"out k l+r1 {StartMs}", $"out k l+r2 {StartMs}"], JoinCase.ReadAll(driver));
    }

    [Fact]
    public void A_claim_on_a_topic_that_the_join_does_not_read_is_refused_by_name()
    {
        var error = Assert.Throws<TopologyException>(() => Driver(claims: ["elsewhere"]));

        Assert.Contains("'elsewhere'", error.Message, StringComparison.Ordinal);
    }

    private static TopologyTestDriver Driver(
        IReadOnlyList<string>? claims, IReadOnlyList<string>? rightClaims = null) =>
        new(new JoinCase(JoinType.Left, Windows)
        {
            MergesLeft = true,
            LeftClaims = claims,
            RightClaims = rightClaims,
        }.Build(), StartMs);

    private static void Pipe(TopologyTestDriver driver, string topic, string value, long afterMs) =>
        driver.PipeInput(topic, "k"u8.ToArray(), Encoding.UTF8.GetBytes(value), StartMs + afterMs);

    /// <summary>A record that waits in a partition which is paused.</summary>
    private static void Append(TopologyTestDriver driver, string topic, string value) => Pipe(driver, topic, value, 0);
}
