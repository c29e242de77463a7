using Alloc.Processors.Shadow.Differences;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Shadow;

/// <summary>A rule is proposed from enough differences that share something, where nothing contradicts it.</summary>
public sealed class ShadowCandidateTests
{
    private readonly ShadowCandidates candidates = new();

    [Fact]
    public void Enough_differences_that_share_command_decisions_and_class_propose_a_row_with_what_their_pools_share()
    {
        Differ("spare-1", "spare-2", "spare-1");

        var candidate = Assert.Single(candidates.Propose(least: 3));

        Assert.Equal(3, candidate.Count);
        Assert.Equal(
            """
            {"id":"hold-rejected-quotaexceeded-consumed-web","class":"hiddenRule","owner":"nobody-yet",
            "because":"3 differences share this; write here which rule of the other system it is",
            "pools":["spare-*"],"command":["Hold"],"shadow":["Rejected QuotaExceeded"],"recorded":["Consumed"],
            "classes":["web"]}
            """.ReplaceLineEndings(""),
            candidate.Text);
    }

    [Fact]
    public void Fewer_propose_nothing()
    {
        Differ("spare-1", "spare-2");

        Assert.Empty(candidates.Propose(least: 3));
    }

    [Fact]
    public void One_pool_is_named_and_pools_without_a_common_beginning_are_not()
    {
        Differ("spare-1", "spare-1");
        var one = candidates.Propose(least: 2)[0].Rule;
        Differ("nuts");
        var any = candidates.Propose(least: 2)[0].Rule;

        Assert.Equal(["spare-1"], one.Pools.Select(p => p.Text));
        Assert.Empty(any.Pools);
    }

    [Theory]
    [InlineData("spare-3", "Rejected QuotaExceeded", "web", 0)]
    [InlineData("nuts", "Rejected QuotaExceeded", "web", 1)]
    [InlineData("spare-3", "Rejected QuotaExceeded", "dealer", 1)]
    [InlineData("spare-3", "Held", "web", 1)]
    public void Agreement_under_the_same_pattern_contradicts(
        string pool, string shadow, string priorityClass, int count)
    {
        Differ("spare-1", "spare-2");

        candidates.Agree(CommandKind.Hold, shadow, priorityClass, pool);

        Assert.Equal(count, candidates.Propose(least: 2).Count);
    }

    private void Differ(params string[] pools)
    {
        foreach (var pool in pools)
        {
            candidates.Differ(new ShadowDifference
            {
                PoolId = pool,
                Evidence = ShadowEvidence.Consumed,
                Command = CommandKind.Hold,
                Id = "r",
                DecidedAtMs = 0,
                SeenAtMs = 0,
                ArrivedAtMs = 0,
                Shadow = "Rejected QuotaExceeded",
                Recorded = "Consumed",
                PriorityClass = "web",
            });
        }
    }
}
