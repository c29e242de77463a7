using Alloc.Broker.Protocol;

namespace Alloc.Broker.Groups;

/// <summary>
/// A group's members and generation. It answers questions and keeps its indexes true; the protocol's rules are in
/// <see cref="GroupMembership"/>, the offsets in <see cref="GroupOffsets"/>.
/// </summary>
internal sealed class Group(string groupId)
{
    private readonly Dictionary<string, GroupMember> members = [];
    private readonly Dictionary<string, GroupMember> staticMembers = [];

    public string GroupId { get; } = groupId;

    public GroupState State { get; set; } = GroupState.Empty;

    public int GenerationId { get; set; }

    /// <summary>Empty until a member joined; a group that only has offsets never gets one.</summary>
    public string ProtocolType { get; set; } = "";

    /// <summary>The assignor of this generation; empty while there is none.</summary>
    public string ProtocolName { get; set; } = "";

    public string? LeaderId { get; set; }

    public GroupOffsets Offsets { get; } = new();

    /// <summary>Since when the group has no members; meaningful while it has none.</summary>
    public long EmptySinceMs { get; set; }

    /// <summary>Ids given with error 79 that have not joined yet, with the time until which they may.</summary>
    public Dictionary<string, long> PendingMembers { get; } = [];

    /// <summary>When a rebalance goes on without those who did not come; meaningful in PreparingRebalance.</summary>
    public long JoinDeadlineMs { get; set; }

    /// <summary>When those who did not sync are removed; meaningful from CompletingRebalance on.</summary>
    public long SyncDeadlineMs { get; set; } = long.MaxValue;

    public IReadOnlyCollection<GroupMember> Members => members.Values;

    public int MemberCount => members.Count;

    public int RebalanceTimeoutMs => members.Count == 0 ? 0 : members.Values.Max(m => m.RebalanceTimeoutMs);

    public bool HasAllMembersJoined =>
        PendingMembers.Count == 0 && members.Values.All(m => m.AwaitingJoin is not null);

    public GroupMember? Find(string memberId) => members.GetValueOrDefault(memberId);

    public GroupMember? FindStatic(string instanceId) => staticMembers.GetValueOrDefault(instanceId);

    public void Add(GroupMember member)
    {
        members.Add(member.MemberId, member);
        if (member.GroupInstanceId is { } instanceId)
        {
            staticMembers[instanceId] = member;
        }

        LeaderId ??= member.MemberId;
        PendingMembers.Remove(member.MemberId);
    }

    public void Remove(GroupMember member)
    {
        members.Remove(member.MemberId);
        if (member.GroupInstanceId is { } instanceId)
        {
            staticMembers.Remove(instanceId);
        }

        if (LeaderId == member.MemberId)
        {
            LeaderId = members.Values.FirstOrDefault()?.MemberId;
        }
    }

    /// <summary>Gives a static member that came back its new id; the old one is fenced from now on.</summary>
    public void Rename(GroupMember member, string newMemberId)
    {
        var wasLeader = LeaderId == member.MemberId;
        members.Remove(member.MemberId);
        member.MemberId = newMemberId;
        members.Add(newMemberId, member);
        if (wasLeader)
        {
            LeaderId = newMemberId;
        }
    }

    /// <summary>Makes sure that the leader is among those who joined; false if nobody did.</summary>
    public bool ElectJoinedLeader()
    {
        if (LeaderId is { } leader && Find(leader)?.AwaitingJoin is not null)
        {
            return true;
        }

        var joined = members.Values.FirstOrDefault(m => m.AwaitingJoin is not null);
        LeaderId = joined?.MemberId ?? LeaderId;
        return joined is not null;
    }

    /// <summary>True if a member with these protocols could be in a generation with the present ones.</summary>
    public bool Supports(string protocolType, IReadOnlyList<GroupProtocol> protocols)
    {
        if (protocolType.Length == 0 || protocols.Count == 0)
        {
            return false;
        }

        return members.Count == 0 ||
            (protocolType == ProtocolType && protocols.Any(p => members.Values.All(m => Offers(m, p.Name))));
    }

    /// <summary>The assignor that all offer and most prefer.</summary>
    public string SelectProtocol()
    {
        var votes = new Dictionary<string, int>();
        foreach (var member in members.Values)
        {
            foreach (var protocol in member.Protocols)
            {
                if (members.Values.All(m => Offers(m, protocol.Name)))
                {
                    votes[protocol.Name] = votes.GetValueOrDefault(protocol.Name) + 1;
                    break;
                }
            }
        }

        return votes.Count == 0 ? "" : votes.MaxBy(v => v.Value).Key;
    }

    public IReadOnlyList<JoinedMember> JoinedMembers() =>
        [.. members.Values.Select(m => new JoinedMember(m.MemberId, m.GroupInstanceId, m.MetadataOf(ProtocolName)))];

    /// <summary>Why a caller is not the member it says it is; <see cref="ErrorCode.None"/> if it is.</summary>
    public ErrorCode CheckMember(string memberId, string? instanceId)
    {
        if (instanceId is not null)
        {
            if (FindStatic(instanceId) is not { } member)
            {
                return ErrorCode.UnknownMemberId;
            }

            return member.MemberId == memberId ? ErrorCode.None : ErrorCode.FencedInstanceId;
        }

        return members.ContainsKey(memberId) ? ErrorCode.None : ErrorCode.UnknownMemberId;
    }

    private static bool Offers(GroupMember member, string protocol) => member.Protocols.Any(p => p.Name == protocol);
}
