namespace Alloc.Broker.Groups;

/// <summary>The states of a consumer group, named as DescribeGroups and ListGroups answer them.</summary>
internal enum GroupState : byte
{
    /// <summary>No members; offsets may remain.</summary>
    Empty,

    /// <summary>Waiting for the members to join the next generation.</summary>
    PreparingRebalance,

    /// <summary>All have joined; waiting for the leader's assignments.</summary>
    CompletingRebalance,

    /// <summary>Every member has its assignment.</summary>
    Stable,

    /// <summary>Deleted, or never there.</summary>
    Dead,
}
