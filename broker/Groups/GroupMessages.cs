using Alloc.Broker.Protocol;

namespace Alloc.Broker.Groups;

/// <summary>A way of assigning partitions that a member offers, with the member's subscription for it.</summary>
internal readonly record struct GroupProtocol(string Name, byte[] Metadata);

/// <summary>A member's wish to be in the group's next generation.</summary>
/// <param name="SessionTimeoutMs">How long the member may be silent.</param>
/// <param name="RebalanceTimeoutMs">How long the group waits for the member to rejoin.</param>
/// <param name="MemberId">Empty for a member that has none yet.</param>
/// <param name="GroupInstanceId">Set for a static member (KIP-345).</param>
/// <param name="RequiresMemberId">True if a new dynamic member is to be answered 79 and an id first (KIP-394).</param>
internal sealed record JoinGroupRequest(
    string GroupId,
    int SessionTimeoutMs,
    int RebalanceTimeoutMs,
    string MemberId,
    string? GroupInstanceId,
    string ProtocolType,
    IReadOnlyList<GroupProtocol> Protocols,
    string ClientId,
    string ClientHost,
    bool RequiresMemberId);

internal readonly record struct JoinedMember(string MemberId, string? GroupInstanceId, byte[] Metadata);

/// <param name="Members">Every member, for the leader; empty for the others.</param>
internal sealed record JoinGroupResponse(
    ErrorCode Error,
    int GenerationId,
    string ProtocolName,
    string LeaderId,
    string MemberId,
    IReadOnlyList<JoinedMember> Members)
{
    /// <summary>Null where there is no generation to speak of.</summary>
    public string? ProtocolType { get; init; }

    public static JoinGroupResponse Failed(ErrorCode error, string memberId) => new(error, -1, "", "", memberId, []);
}

internal readonly record struct MemberAssignment(string MemberId, byte[] Assignment);

/// <param name="Assignments">The leader's decision; empty from the others.</param>
internal sealed record SyncGroupRequest(
    string GroupId,
    int GenerationId,
    string MemberId,
    string? GroupInstanceId,
    IReadOnlyList<MemberAssignment> Assignments)
{
    /// <summary>What the member believes the group's type of protocol to be (KIP-559); null if it did not
    /// say.</summary>
    public string? ProtocolType { get; init; }

    /// <summary>What the member believes the generation's assignor to be; null if it did not say.</summary>
    public string? ProtocolName { get; init; }
}

internal readonly record struct SyncGroupResponse(
    ErrorCode Error, byte[] Assignment, string? ProtocolType = null, string? ProtocolName = null)
{
    public static SyncGroupResponse Failed(ErrorCode error) => new(error, []);
}

internal sealed record HeartbeatRequest(
    string GroupId, int GenerationId, string MemberId, string? GroupInstanceId);

internal readonly record struct LeavingMember(string MemberId, string? GroupInstanceId);

internal readonly record struct LeftMember(string MemberId, string? GroupInstanceId, ErrorCode Error);

/// <summary>
/// Who commits offsets: a member of a generation, or, with −1 and no names, a client that manages itself.
/// </summary>
internal readonly record struct GroupCaller(int GenerationId, string MemberId, string? GroupInstanceId)
{
    public static GroupCaller Unnamed { get; } = new(-1, "", null);

    public bool IsUnnamed => GenerationId < 0 && MemberId.Length == 0 && GroupInstanceId is null;
}

/// <param name="LeaderEpoch">−1 if the client did not say.</param>
internal readonly record struct OffsetToCommit(
    TopicPartition Partition, long Offset, int LeaderEpoch, string? Metadata);

/// <param name="Offset">−1 if nothing is committed.</param>
/// <param name="Metadata">What the client said with it; empty, as in Kafka, where it said nothing.</param>
internal readonly record struct FetchedOffset(
    TopicPartition Partition, long Offset, int LeaderEpoch, string Metadata, ErrorCode Error);

internal readonly record struct PartitionError(TopicPartition Partition, ErrorCode Error);

internal sealed record GroupDescription(
    ErrorCode Error,
    string GroupId,
    GroupState State,
    string ProtocolType,
    string ProtocolName,
    IReadOnlyList<MemberDescription> Members);

internal sealed record MemberDescription(
    string MemberId, string? GroupInstanceId, string ClientId, string ClientHost, byte[] Metadata, byte[] Assignment);

internal readonly record struct GroupListing(string GroupId, string ProtocolType, GroupState State);
