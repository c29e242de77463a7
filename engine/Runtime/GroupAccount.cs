namespace Alloc.Engine.Runtime;

/// <summary>Who is in the group and who owns what, by the group's own account.</summary>
/// <param name="Members">All members.</param>
/// <param name="Owners">The owners of a topic's partitions; a partition that nobody owns just now is absent.</param>
public sealed record GroupAccount(
    IReadOnlyList<PartitionOwner> Members, IReadOnlyDictionary<int, PartitionOwner> Owners);

/// <summary>The member that owns a partition.</summary>
/// <param name="MemberId">The member.</param>
/// <param name="ClientId">Its client id.</param>
/// <param name="Endpoint">Where to ask it, if it said so.</param>
/// <param name="IsThisInstance">Whether it is a thread of this application instance.</param>
public sealed record PartitionOwner(string MemberId, string ClientId, string? Endpoint, bool IsThisInstance);
