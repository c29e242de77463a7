using Alloc.Broker;
using Alloc.Broker.Groups;
using Alloc.Broker.Protocol;

namespace Broker.Tests.Groups;

public sealed class GroupOffsetsTests
{
    private static readonly TopicPartition Partition = new("t", 0);
    private readonly GroupFixture group = new();

    [Fact]
    public void Client_that_manages_itself_commits_without_a_group()
    {
        Assert.Equal(ErrorCode.None, group.Commit(GroupCaller.Unnamed, Partition, 7));

        Assert.Equal(7, group.Fetch(Partition).Offset);
        Assert.Equal(-1, group.Fetch(new TopicPartition("t", 1)).Offset);
    }

    [Fact]
    public void Member_commits_with_its_generation_only()
    {
        var joined = group.JoinAlone();

        Assert.Equal(ErrorCode.None, group.Commit(Caller(joined), Partition, 1));
        Assert.Equal(ErrorCode.IllegalGeneration, group.Commit(Caller(joined) with { GenerationId = 0 }, Partition, 2));
        Assert.Equal(ErrorCode.UnknownMemberId, group.Commit(Caller(joined) with { MemberId = "x" }, Partition, 2));
        Assert.Equal(ErrorCode.UnknownMemberId, group.Commit(GroupCaller.Unnamed, Partition, 2));
        Assert.Equal(1, group.Fetch(Partition).Offset);
    }

    [Fact]
    public void Caller_with_only_an_instance_id_is_unknown() => Assert.Equal(
        ErrorCode.UnknownMemberId, group.Commit(new GroupCaller(-1, "", "i"), Partition, 2));

    [Fact]
    public void Transactional_commit_checks_instance_then_member_then_generation()
    {
        var joined = group.JoinAlone(instanceId: "i");
        group.Join(instanceId: "i");
        var caller = new GroupCaller(joined.GenerationId, joined.MemberId, "i");

        Assert.Equal(ErrorCode.FencedInstanceId, group.CommitInTransaction(caller, 1, Partition, 5));
        Assert.Equal(ErrorCode.UnknownMemberId, group.CommitInTransaction(
            caller with { GroupInstanceId = null }, 1, Partition, 5));
        var present = new GroupCaller(9, group.Coordinator.Describe(GroupFixture.GroupId).Members[0].MemberId, "i");
        Assert.Equal(ErrorCode.IllegalGeneration, group.CommitInTransaction(present, 1, Partition, 5));
        Assert.Equal(ErrorCode.None, group.CommitInTransaction(GroupCaller.Unnamed, 1, Partition, 5));
    }

    [Fact]
    public void Pending_offset_is_unstable_until_its_transaction_commits()
    {
        group.Commit(GroupCaller.Unnamed, Partition, 1);
        group.CommitInTransaction(GroupCaller.Unnamed, 42, Partition, 5);

        Assert.Equal(1, group.Fetch(Partition).Offset);
        Assert.Equal(ErrorCode.UnstableOffsetCommit, group.Fetch(Partition, requireStable: true).Error);
        group.Coordinator.CompleteTransaction(42, [GroupFixture.GroupId], isCommit: true);

        Assert.Equal(5, group.Fetch(Partition, requireStable: true).Offset);
    }

    [Fact]
    public void Aborted_offset_never_counts()
    {
        group.CommitInTransaction(GroupCaller.Unnamed, 42, Partition, 5);

        group.Coordinator.CompleteTransaction(42, [GroupFixture.GroupId], isCommit: false);

        Assert.Equal(-1, group.Fetch(Partition, requireStable: true).Offset);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void Of_two_pending_offsets_the_later_appended_wins_whatever_the_order_of_markers(long first, long second)
    {
        group.CommitInTransaction(GroupCaller.Unnamed, 1, Partition, 10);
        group.CommitInTransaction(GroupCaller.Unnamed, 2, Partition, 20);

        group.Coordinator.CompleteTransaction(first, [GroupFixture.GroupId], isCommit: true);
        group.Coordinator.CompleteTransaction(second, [GroupFixture.GroupId], isCommit: true);

        Assert.Equal(20, group.Fetch(Partition).Offset);
    }

    [Fact]
    public void Commit_outside_a_transaction_counts_over_an_older_pending_one()
    {
        group.CommitInTransaction(GroupCaller.Unnamed, 1, Partition, 10);
        group.Commit(GroupCaller.Unnamed, Partition, 30);

        group.Coordinator.CompleteTransaction(1, [GroupFixture.GroupId], isCommit: true);

        Assert.Equal(30, group.Fetch(Partition).Offset);
    }

    [Fact]
    public void Offsets_committed_and_pending_survive_a_restart()
    {
        group.Commit(GroupCaller.Unnamed, Partition, 7);
        group.CommitInTransaction(GroupCaller.Unnamed, 42, Partition, 9);

        var restarted = new GroupFixture(group.Journal);

        Assert.Equal(ErrorCode.UnstableOffsetCommit, restarted.Fetch(Partition, requireStable: true).Error);
        Assert.Equal(7, restarted.Fetch(Partition).Offset);
        restarted.Coordinator.CompleteTransaction(42, [GroupFixture.GroupId], isCommit: true);
        Assert.Equal(9, restarted.Fetch(Partition).Offset);
    }

    [Fact]
    public void Snapshot_holds_the_same_as_the_records_it_replaces()
    {
        group.CommitInTransaction(GroupCaller.Unnamed, 42, Partition, 9);
        group.Commit(GroupCaller.Unnamed, Partition, 7);
        var snapshot = new Coordination.MemoryJournal();

        group.Coordinator.WriteSnapshot(snapshot);
        var restarted = new GroupFixture(snapshot);
        restarted.Coordinator.CompleteTransaction(42, [GroupFixture.GroupId], isCommit: true);

        Assert.Equal(7, restarted.Fetch(Partition).Offset);
    }

    [Fact]
    public void Commit_that_the_disk_refuses_changes_nothing()
    {
        group.Commit(GroupCaller.Unnamed, Partition, 7);
        group.Journal.IsFull = true;

        Assert.Throws<Alloc.Broker.Storage.StorageException>(() => group.Commit(GroupCaller.Unnamed, Partition, 8));

        Assert.Equal(7, group.Fetch(Partition).Offset);
    }

    [Fact]
    public void Offsets_of_a_topic_that_members_read_are_not_deleted()
    {
        var subscription = new byte[] { 0, 0, 0, 0, 0, 1, 0, 1, (byte)'t', 0, 0, 0, 0 };
        JoinGroupResponse? joined = null;
        group.Coordinator.Join(
            new JoinGroupRequest(
                GroupFixture.GroupId, 10_000, 5_000, "", null, "consumer",
                [new GroupProtocol("range", subscription)], "c", "/h",
                false),
            group.NowMs,
            response => joined = response);
        group.Sync(joined!);
        group.Commit(Caller(joined!), Partition, 1);
        var other = new TopicPartition("other", 0);
        group.Commit(Caller(joined!), other, 1);

        var (error, partitions) = group.Coordinator.DeleteOffsets(GroupFixture.GroupId, [Partition, other]);

        Assert.Equal(ErrorCode.None, error);
        Assert.Equal([ErrorCode.GroupSubscribedToTopic, ErrorCode.None], partitions.Select(p => p.Error));
        Assert.Equal(1, group.Fetch(Partition).Offset);
        Assert.Equal(-1, group.Fetch(other).Offset);
        Assert.Equal(ErrorCode.GroupIdNotFound, group.Coordinator.DeleteOffsets("nobody", []).Error);
    }

    [Fact]
    public void Offsets_of_deleted_partitions_are_forgotten()
    {
        group.Commit(GroupCaller.Unnamed, Partition, 7);

        group.Coordinator.OnPartitionsDeleted([Partition]);

        Assert.Equal(-1, new GroupFixture(group.Journal).Fetch(Partition).Offset);
    }

    private static GroupCaller Caller(JoinGroupResponse joined) => new(joined.GenerationId, joined.MemberId, null);
}
