using Alloc.Broker;
using Alloc.Broker.Groups;
using Alloc.Broker.Protocol;
using Broker.Tests.Coordination;

namespace Broker.Tests.Groups;

/// <summary>A group coordinator with a clock in hand, and members that remember what they were answered.</summary>
internal sealed class GroupFixture
{
    public const string GroupId = "group";
    private long memberCount;

    public GroupFixture(MemoryJournal? journal = null)
    {
        Journal = journal ?? new MemoryJournal();
        Coordinator = new GroupCoordinator(new GroupLimits(), Journal, name => $"{name}-{++memberCount}");
        foreach (var record in Journal.Records)
        {
            Coordinator.Replay(record, NowMs);
        }
    }

    public MemoryJournal Journal { get; }

    public GroupCoordinator Coordinator { get; }

    public long NowMs { get; set; } = 1_000;

    public GroupState State => Coordinator.Describe(GroupId).State;

    public void Pass(long ms)
    {
        for (var end = NowMs + ms; NowMs < end;)
        {
            NowMs += long.Min(50, end - NowMs);
            Coordinator.Tick(NowMs);
        }
    }

    public Joining Join(
        string memberId = "", string? instanceId = null, string client = "c", int sessionTimeoutMs = 10_000,
        int rebalanceTimeoutMs = 5_000, bool requiresMemberId = false, string type = "consumer",
        string metadata = "", params string[] protocols)
    {
        var joining = new Joining();
        IReadOnlyList<GroupProtocol> offered =
            [.. (protocols.Length == 0 ? ["range"] : protocols)
                .Select(p => new GroupProtocol(p, System.Text.Encoding.UTF8.GetBytes(metadata)))];
        Coordinator.Join(
            new JoinGroupRequest(
                GroupId, sessionTimeoutMs, rebalanceTimeoutMs, memberId, instanceId, type, offered,
                client, "/127.0.0.1",
                requiresMemberId),
            NowMs,
            response => joining.Response = response);
        return joining;
    }

    public Syncing Sync(
        JoinGroupResponse joined, string? instanceId = null, params (string MemberId, string Assignment)[] assignments)
    {
        var syncing = new Syncing();
        Coordinator.Sync(
            new SyncGroupRequest(
                GroupId, joined.GenerationId, joined.MemberId, instanceId,
                [.. assignments.Select(
                    a => new MemberAssignment(a.MemberId, System.Text.Encoding.UTF8.GetBytes(a.Assignment)))]),
            NowMs,
            response => syncing.Response = response);
        return syncing;
    }

    public ErrorCode Heartbeat(JoinGroupResponse joined, string? instanceId = null) => Coordinator.Heartbeat(
        new HeartbeatRequest(GroupId, joined.GenerationId, joined.MemberId, instanceId), NowMs);

    /// <summary>One member in a stable group.</summary>
    public JoinGroupResponse JoinAlone(string? instanceId = null, string assignment = "all")
    {
        var joined = Join(instanceId: instanceId).Answered;
        Sync(joined, instanceId, (joined.MemberId, assignment));
        return joined;
    }

    public ErrorCode Commit(GroupCaller caller, TopicPartition partition, long offset) =>
        Coordinator.Commit(GroupId, caller, [new OffsetToCommit(partition, offset, -1, null)], NowMs)[0].Error;

    public ErrorCode CommitInTransaction(GroupCaller caller, long producerId, TopicPartition partition, long offset) =>
        Coordinator.CommitInTransaction(
            GroupId, caller, producerId, [new OffsetToCommit(partition, offset, -1, null)], NowMs)[0].Error;

    public FetchedOffset Fetch(TopicPartition partition, bool requireStable = false) =>
        Coordinator.Fetch(GroupId, [partition], requireStable)[0];

    internal sealed class Joining
    {
        public JoinGroupResponse? Response { get; set; }

        public JoinGroupResponse Answered => Response ?? throw new InvalidOperationException("not answered yet");
    }

    internal sealed class Syncing
    {
        public SyncGroupResponse? Response { get; set; }

        public ErrorCode Error => Response!.Value.Error;

        public string Assignment => System.Text.Encoding.UTF8.GetString(Response!.Value.Assignment);
    }
}
