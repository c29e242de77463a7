using Alloc.Broker.Groups;
using Alloc.Broker.Protocol;

namespace Broker.Tests.Groups;

public sealed class GroupMembershipTests
{
    private readonly GroupFixture group = new();

    [Fact]
    public void First_member_is_answered_at_once_and_leads()
    {
        var joined = group.Join().Answered;

        Assert.Equal(ErrorCode.None, joined.Error);
        Assert.Equal(1, joined.GenerationId);
        Assert.Equal(joined.MemberId, joined.LeaderId);
        Assert.Equal("range", joined.ProtocolName);
        Assert.Single(joined.Members);
        Assert.Equal(GroupState.CompletingRebalance, group.State);
    }

    [Fact]
    public void New_dynamic_member_is_given_an_id_first_where_the_version_asks_for_it()
    {
        var asked = group.Join(requiresMemberId: true).Answered;

        var joined = group.Join(asked.MemberId, requiresMemberId: true).Answered;

        Assert.Equal(ErrorCode.MemberIdRequired, asked.Error);
        Assert.Equal(ErrorCode.None, joined.Error);
        Assert.Equal(asked.MemberId, joined.MemberId);
    }

    [Fact]
    public void Id_that_was_given_out_but_not_used_in_time_is_forgotten()
    {
        var asked = group.Join(requiresMemberId: true, sessionTimeoutMs: 1_000).Answered;

        group.Pass(1_000);

        Assert.Equal(ErrorCode.UnknownMemberId, group.Join(asked.MemberId).Answered.Error);
    }

    [Fact]
    public void Second_member_waits_until_the_first_joins_again()
    {
        var first = group.JoinAlone();

        var second = group.Join();
        Assert.Null(second.Response);
        Assert.Equal(ErrorCode.RebalanceInProgress, group.Heartbeat(first));
        var again = group.Join(first.MemberId).Answered;

        Assert.Equal(2, again.GenerationId);
        Assert.Equal(2, second.Answered.GenerationId);
        Assert.Equal(2, again.Members.Count);
        Assert.Empty(second.Answered.Members);
    }

    [Fact]
    public void Follower_gets_its_assignment_when_the_leader_syncs()
    {
        var first = group.JoinAlone();
        var second = group.Join();
        var again = group.Join(first.MemberId).Answered;

        var waiting = group.Sync(second.Answered);
        Assert.Null(waiting.Response);
        var leading = group.Sync(again, null, (again.MemberId, "a"), (second.Answered.MemberId, "b"));

        Assert.Equal("a", leading.Assignment);
        Assert.Equal("b", waiting.Assignment);
        Assert.Equal(GroupState.Stable, group.State);
    }

    [Fact]
    public void Member_that_does_not_join_again_in_time_is_left_out()
    {
        var first = group.JoinAlone();
        var second = group.Join();

        for (var i = 0; i < 5; i++)
        {
            group.Pass(1_000);
            group.Heartbeat(first);
        }

        Assert.Equal(ErrorCode.None, second.Answered.Error);
        Assert.Equal(second.Answered.MemberId, second.Answered.LeaderId);
        Assert.Equal(ErrorCode.UnknownMemberId, group.Heartbeat(first));
    }

    [Fact]
    public void Silent_member_is_removed_when_its_session_ends()
    {
        group.JoinAlone();

        group.Pass(9_900);
        Assert.Equal(GroupState.Stable, group.State);
        group.Pass(200);

        Assert.Equal(GroupState.Empty, group.State);
    }

    [Fact]
    public void Heartbeats_keep_a_session_alive()
    {
        var joined = group.JoinAlone();

        for (var i = 0; i < 10; i++)
        {
            group.Pass(5_000);
            Assert.Equal(ErrorCode.None, group.Heartbeat(joined));
        }
    }

    [Fact]
    public void Leader_that_never_syncs_is_removed_and_the_others_join_again()
    {
        var first = group.JoinAlone();
        var second = group.Join();
        var leader = group.Join(first.MemberId).Answered;
        var waiting = group.Sync(second.Answered);
        for (var i = 0; i < 5; i++)
        {
            group.Heartbeat(leader);
            group.Pass(1_000);
        }

        Assert.Equal(ErrorCode.RebalanceInProgress, waiting.Error);
        Assert.Equal(ErrorCode.UnknownMemberId, group.Heartbeat(leader));
    }

    [Fact]
    public void Leaving_empties_the_group_and_a_generation_passes()
    {
        var joined = group.JoinAlone();

        var left = group.Coordinator.Leave(
            GroupFixture.GroupId, [new LeavingMember(joined.MemberId, null)], group.NowMs);

        Assert.Equal(ErrorCode.None, left[0].Error);
        Assert.Equal(GroupState.Empty, group.State);
        Assert.Equal(3, group.Join().Answered.GenerationId);
    }

    [Fact]
    public void Static_member_that_returns_gets_a_new_id_and_keeps_its_assignment()
    {
        var before = group.JoinAlone(instanceId: "i");

        var after = group.Join(instanceId: "i").Answered;
        var synced = group.Sync(after, "i");

        Assert.NotEqual(before.MemberId, after.MemberId);
        Assert.Equal(before.GenerationId, after.GenerationId);
        Assert.Equal(before.MemberId, after.LeaderId);
        Assert.Empty(after.Members);
        Assert.Equal("all", synced.Assignment);
        Assert.Equal(GroupState.Stable, group.State);
    }

    [Fact]
    public void Old_id_of_a_static_member_is_fenced()
    {
        var before = group.JoinAlone(instanceId: "i");
        group.Join(instanceId: "i");

        Assert.Equal(ErrorCode.FencedInstanceId, group.Heartbeat(before, "i"));
        Assert.Equal(ErrorCode.FencedInstanceId, group.Sync(before, "i").Error);
        Assert.Equal(ErrorCode.FencedInstanceId, group.Join(before.MemberId, "i").Answered.Error);
        Assert.Equal(ErrorCode.UnknownMemberId, group.Heartbeat(before));
    }

    [Fact]
    public void Static_member_is_fenced_while_its_join_waits()
    {
        var first = group.JoinAlone();
        var waiting = group.Join(instanceId: "i");

        var taking = group.Join(instanceId: "i");
        group.Join(first.MemberId);

        Assert.Equal(ErrorCode.FencedInstanceId, waiting.Answered.Error);
        Assert.Equal(ErrorCode.None, taking.Answered.Error);
    }

    [Fact]
    public void Static_member_keeps_its_place_through_a_rebalance_that_it_misses()
    {
        var first = group.JoinAlone(instanceId: "i");
        var second = group.Join(sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 1_000);
        group.Pass(5_000);
        Assert.Equal(second.Answered.MemberId, second.Answered.LeaderId);
        Assert.Equal(2, second.Answered.Members.Count);

        group.Sync(second.Answered, null, (first.MemberId, "mine"), (second.Answered.MemberId, "rest"));
        var back = group.Join(instanceId: "i").Answered;

        Assert.Equal("mine", group.Sync(back, "i").Assignment);
    }

    [Fact]
    public void Operator_removes_a_static_member_by_its_instance_id()
    {
        group.JoinAlone(instanceId: "i");

        var left = group.Coordinator.Leave(
            GroupFixture.GroupId, [new LeavingMember("", "i"), new LeavingMember("", "other")], group.NowMs);

        Assert.Equal([ErrorCode.None, ErrorCode.UnknownMemberId], left.Select(l => l.Error));
        Assert.Equal(GroupState.Empty, group.State);
    }

    [Fact]
    public void Member_that_offers_nothing_the_others_know_is_refused()
    {
        group.JoinAlone();

        Assert.Equal(ErrorCode.InconsistentGroupProtocol, group.Join(protocols: "sticky").Answered.Error);
        Assert.Equal(ErrorCode.InconsistentGroupProtocol, group.Join(type: "connect").Answered.Error);
    }

    [Fact]
    public void Assignor_is_the_one_that_all_offer_and_most_prefer()
    {
        var first = group.Join(protocols: ["a", "b"]).Answered;
        group.Join(protocols: ["b", "a"]);
        group.Join(protocols: ["b", "c", "a"]);

        var again = group.Join(first.MemberId, protocols: ["a", "b"]).Answered;

        Assert.Equal("b", again.ProtocolName);
    }

    [Theory]
    [InlineData(99)]
    [InlineData(1_800_001)]
    public void Session_time_out_of_range_is_refused(int sessionTimeoutMs) => Assert.Equal(
        ErrorCode.InvalidSessionTimeout, group.Join(sessionTimeoutMs: sessionTimeoutMs).Answered.Error);

    [Fact]
    public void Unknown_member_and_old_generation_are_told_apart()
    {
        var joined = group.JoinAlone();

        Assert.Equal(ErrorCode.UnknownMemberId, group.Heartbeat(joined with { MemberId = "nobody" }));
        Assert.Equal(ErrorCode.IllegalGeneration, group.Heartbeat(joined with { GenerationId = 7 }));
        Assert.Equal(ErrorCode.IllegalGeneration, group.Sync(joined with { GenerationId = 7 }).Error);
    }

    [Fact]
    public void Stable_group_survives_a_restart_with_members_and_assignments()
    {
        var joined = group.JoinAlone(instanceId: "i");

        var restarted = new GroupFixture(group.Journal);

        Assert.Equal(GroupState.Stable, restarted.State);
        Assert.Equal(ErrorCode.None, restarted.Heartbeat(joined, "i"));
        Assert.Equal("all", restarted.Sync(joined, "i").Assignment);
        Assert.Equal("all", restarted.Sync(restarted.Join(instanceId: "i").Answered, "i").Assignment);
    }

    [Fact]
    public void Snapshot_in_the_middle_of_a_rebalance_has_no_stale_assignments()
    {
        var first = group.JoinAlone();
        group.Join();
        group.Join(first.MemberId);
        var snapshot = new Coordination.MemoryJournal();

        group.Coordinator.WriteSnapshot(snapshot);
        var restarted = new GroupFixture(snapshot);

        Assert.Equal(GroupState.Empty, restarted.State);
        Assert.Equal(3, restarted.Join().Answered.GenerationId);
    }

    [Fact]
    public void Group_without_members_and_offsets_is_forgotten_in_time()
    {
        var joined = group.JoinAlone();
        group.Coordinator.Leave(GroupFixture.GroupId, [new LeavingMember(joined.MemberId, null)], group.NowMs);
        Assert.Single(group.Coordinator.List());

        group.Pass(700_000);

        Assert.Empty(group.Coordinator.List());
    }

    [Fact]
    public void Only_a_group_without_members_can_be_deleted()
    {
        var joined = group.JoinAlone();

        Assert.Equal(ErrorCode.NonEmptyGroup, group.Coordinator.Delete(GroupFixture.GroupId));
        Assert.Equal(ErrorCode.GroupIdNotFound, group.Coordinator.Delete("other"));
        group.Coordinator.Leave(GroupFixture.GroupId, [new LeavingMember(joined.MemberId, null)], group.NowMs);
        Assert.Equal(ErrorCode.None, group.Coordinator.Delete(GroupFixture.GroupId));
        Assert.Equal(GroupState.Dead, group.State);
    }
}
