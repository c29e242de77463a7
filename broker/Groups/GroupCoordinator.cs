using Alloc.Broker.Coordination;
using Alloc.Broker.Protocol;

namespace Alloc.Broker.Groups;

/// <summary>
/// The coordinator of all consumer groups: finds the group of a request, lets <see cref="GroupMembership"/> and
/// <see cref="GroupOffsets"/> decide, and writes what must survive to the journal before it takes effect.
/// </summary>
/// <remarks>
/// Runs on the owner loop only. Survives a restart: offsets, pending transactional offsets, and each group's last
/// generation with its members and assignments, so that members go on where they were. Committed offsets do not expire.
/// </remarks>
internal sealed class GroupCoordinator
{
    private readonly GroupLimits limits;
    private readonly IStateJournal journal;
    private readonly RecordWriter writer = new();
    private readonly GroupMembership membership;
    private readonly Dictionary<string, Group> groups = [];
    private long sequence;

    /// <param name="limits">Bounds on what members may ask for.</param>
    /// <param name="journal">Takes what must survive.</param>
    /// <param name="newMemberId">Makes an id that was never used, from the client's name for itself.</param>
    public GroupCoordinator(GroupLimits limits, IStateJournal journal, Func<string, string> newMemberId)
    {
        this.limits = limits;
        this.journal = journal;
        membership = new GroupMembership(limits, newMemberId, Persist);
    }

    public void Join(JoinGroupRequest request, long nowMs, Action<JoinGroupResponse> reply)
    {
        if (request.GroupId.Length == 0)
        {
            reply(JoinGroupResponse.Failed(ErrorCode.InvalidGroupId, request.MemberId));
        }
        else if (request.MemberId.Length > 0 && !groups.ContainsKey(request.GroupId))
        {
            reply(JoinGroupResponse.Failed(ErrorCode.UnknownMemberId, request.MemberId));
        }
        else
        {
            var isNew = !groups.ContainsKey(request.GroupId);
            membership.Join(GroupOf(request.GroupId, nowMs), request, nowMs, reply);
            if (isNew && groups[request.GroupId] is { MemberCount: 0, PendingMembers.Count: 0 })
            {
                groups.Remove(request.GroupId);
            }
        }
    }

    public void Sync(SyncGroupRequest request, long nowMs, Action<SyncGroupResponse> reply)
    {
        if (groups.GetValueOrDefault(request.GroupId) is { } group)
        {
            membership.Sync(group, request, nowMs, reply);
        }
        else
        {
            reply(SyncGroupResponse.Failed(ErrorCode.UnknownMemberId));
        }
    }

    public ErrorCode Heartbeat(HeartbeatRequest request, long nowMs) =>
        groups.GetValueOrDefault(request.GroupId) is { } group
            ? GroupMembership.Heartbeat(group, request, nowMs)
            : ErrorCode.UnknownMemberId;

    public IReadOnlyList<LeftMember> Leave(string groupId, IReadOnlyList<LeavingMember> leaving, long nowMs) =>
        groups.GetValueOrDefault(groupId) is { } group
            ? membership.Leave(group, leaving, nowMs)
            : [.. leaving.Select(m => new LeftMember(m.MemberId, m.GroupInstanceId, ErrorCode.UnknownMemberId))];

    /// <summary>Commits offsets outside a transaction.</summary>
    public IReadOnlyList<PartitionError> Commit(
        string groupId, GroupCaller caller, IReadOnlyList<OffsetToCommit> offsets, long nowMs)
    {
        var error = CheckCommit(groupId, caller, isTransactional: false);
        if (error != ErrorCode.None)
        {
            return Each(offsets, error);
        }

        var accepted = Stamp(offsets, nowMs);
        if (accepted.Count > 0)
        {
            GroupRecords.WriteCommitted(writer, groupId, accepted);
            journal.Append(writer.Written);
            var group = GroupOf(groupId, nowMs);
            foreach (var (partition, offset) in accepted)
            {
                group.Offsets.Commit(partition, offset);
            }
        }

        return Accepted(offsets);
    }

    /// <summary>
    /// Holds offsets until the producer's transaction ends. The caller has checked that the transaction is open and
    /// includes the group.
    /// </summary>
    public IReadOnlyList<PartitionError> CommitInTransaction(
        string groupId, GroupCaller caller, long producerId, IReadOnlyList<OffsetToCommit> offsets, long nowMs)
    {
        var error = CheckCommit(groupId, caller, isTransactional: true);
        if (error != ErrorCode.None)
        {
            return Each(offsets, error);
        }

        var accepted = Stamp(offsets, nowMs);
        if (accepted.Count > 0)
        {
            GroupRecords.WritePending(writer, groupId, producerId, accepted);
            journal.Append(writer.Written);
            var group = GroupOf(groupId, nowMs);
            foreach (var (partition, offset) in accepted)
            {
                group.Offsets.Hold(producerId, partition, offset);
            }
        }

        return Accepted(offsets);
    }

    /// <summary>Ends a transaction's part in some groups; the transaction's own record makes it durable.</summary>
    public void CompleteTransaction(long producerId, IReadOnlyCollection<string> groupIds, bool isCommit)
    {
        foreach (var groupId in groupIds)
        {
            groups.GetValueOrDefault(groupId)?.Offsets.Complete(producerId, isCommit);
        }
    }

    /// <summary>The committed offsets of a group.</summary>
    /// <param name="partitions">Null for all that the group has.</param>
    /// <param name="requireStable">Answer 88 for a partition that an open transaction may move (KIP-447).</param>
    public IReadOnlyList<FetchedOffset> Fetch(
        string groupId, IReadOnlyList<TopicPartition>? partitions, bool requireStable)
    {
        var offsets = groups.GetValueOrDefault(groupId)?.Offsets;
        if (partitions is null)
        {
            partitions = offsets is null
                ? []
                : [.. offsets.Committed.Keys.Union(requireStable ? offsets.PendingPartitions() : [])];
        }

        var fetched = new FetchedOffset[partitions.Count];
        for (var i = 0; i < fetched.Length; i++)
        {
            var partition = partitions[i];
            fetched[i] = requireStable && offsets is not null && offsets.IsPending(partition)
                ? new FetchedOffset(partition, -1, -1, "", ErrorCode.UnstableOffsetCommit)
                : offsets?.Find(partition) is { } offset
                    ? new FetchedOffset(
                        partition, offset.Offset, offset.LeaderEpoch, offset.Metadata ?? "", ErrorCode.None)
                    : new FetchedOffset(partition, -1, -1, "", ErrorCode.None);
        }

        return fetched;
    }

    /// <summary>Forgets offsets of partitions that the group does not read (KIP-496).</summary>
    public (ErrorCode Error, IReadOnlyList<PartitionError> Partitions) DeleteOffsets(
        string groupId, IReadOnlyList<TopicPartition> partitions)
    {
        if (groups.GetValueOrDefault(groupId) is not { } group)
        {
            return (ErrorCode.GroupIdNotFound, []);
        }

        var isConsumer = group.ProtocolType == ConsumerSubscription.ProtocolType;
        if (group.MemberCount > 0 && !isConsumer)
        {
            return (ErrorCode.NonEmptyGroup, []);
        }

        var subscribed = ConsumerSubscription.TopicsOf(group);
        var deleted = partitions.Where(p => !subscribed.Contains(p.Topic)).ToList();
        if (deleted.Count > 0)
        {
            GroupRecords.WriteDeleted(writer, groupId, deleted);
            journal.Append(writer.Written);
            deleted.ForEach(group.Offsets.Remove);
        }

        return (ErrorCode.None,
        [
            .. partitions.Select(p => new PartitionError(
                p, subscribed.Contains(p.Topic) ? ErrorCode.GroupSubscribedToTopic : ErrorCode.None)),
        ]);
    }

    /// <summary>Deletes a group that has no members, with its offsets.</summary>
    public ErrorCode Delete(string groupId)
    {
        if (groups.GetValueOrDefault(groupId) is not { } group)
        {
            return ErrorCode.GroupIdNotFound;
        }

        if (group.MemberCount > 0 || group.PendingMembers.Count > 0)
        {
            return ErrorCode.NonEmptyGroup;
        }

        Forget(groupId);
        return ErrorCode.None;
    }

    /// <summary>Forgets the offsets of partitions that were deleted.</summary>
    public void OnPartitionsDeleted(IReadOnlyCollection<TopicPartition> partitions)
    {
        foreach (var group in groups.Values)
        {
            var deleted = partitions.Where(p => group.Offsets.Find(p) is not null || group.Offsets.IsPending(p))
                .ToList();
            if (deleted.Count > 0)
            {
                GroupRecords.WriteDeleted(writer, group.GroupId, deleted);
                journal.Append(writer.Written);
                deleted.ForEach(group.Offsets.Remove);
            }
        }
    }

    public GroupDescription Describe(string groupId)
    {
        if (groups.GetValueOrDefault(groupId) is not { } group)
        {
            return new GroupDescription(ErrorCode.None, groupId, GroupState.Dead, "", "", []);
        }

        var isStable = group.State == GroupState.Stable;
        return new GroupDescription(
            ErrorCode.None, groupId, group.State, group.ProtocolType, isStable ? group.ProtocolName : "",
            [
                .. group.Members.Select(m => new MemberDescription(
                    m.MemberId, m.GroupInstanceId, m.ClientId, m.ClientHost,
                    isStable ? m.MetadataOf(group.ProtocolName) : [], isStable ? m.Assignment : [])),
            ]);
    }

    public IReadOnlyList<GroupListing> List() =>
        [.. groups.Values.Select(g => new GroupListing(g.GroupId, g.ProtocolType, g.State))];

    /// <summary>Lets time pass for every group.</summary>
    public void Tick(long nowMs)
    {
        List<string>? forgotten = null;
        foreach (var group in groups.Values)
        {
            if (group.MemberCount > 0 || group.PendingMembers.Count > 0)
            {
                membership.Tick(group, nowMs);
                group.EmptySinceMs = nowMs;
            }
            else if (group.Offsets.IsEmpty && nowMs - group.EmptySinceMs >= limits.EmptyGroupRetentionMs)
            {
                (forgotten ??= []).Add(group.GroupId);
            }
        }

        forgotten?.ForEach(Forget);
    }

    /// <summary>Takes back a record of the journal; false if it is not about groups.</summary>
    public bool Replay(ReadOnlySpan<byte> record, long nowMs)
    {
        var reader = new RecordReader(record);
        switch ((JournalRecordKind)reader.Byte())
        {
            case JournalRecordKind.Group:
                GroupRecords.ReadGroup(ref reader, id => GroupOf(id, nowMs), nowMs);
                return true;
            case JournalRecordKind.GroupDeleted:
                groups.Remove(reader.String());
                return true;
            case JournalRecordKind.OffsetsCommitted:
                GroupRecords.ReadCommitted(ref reader, id => GroupOf(id, nowMs), ref sequence);
                return true;
            case JournalRecordKind.OffsetsPending:
                GroupRecords.ReadPending(ref reader, id => GroupOf(id, nowMs), ref sequence);
                return true;
            case JournalRecordKind.OffsetsDeleted:
                GroupRecords.ReadDeleted(ref reader, id => GroupOf(id, nowMs));
                return true;
            default:
                return false;
        }
    }

    /// <summary>Drops, after recovery, pending offsets whose transaction is not open any more.</summary>
    public void DropPendingExcept(Func<long, bool> isOpen)
    {
        foreach (var group in groups.Values)
        {
            foreach (var producerId in group.Offsets.PendingProducerIds.Where(id => !isOpen(id)).ToList())
            {
                group.Offsets.RemovePendingOf(producerId);
            }
        }
    }

    /// <summary>Writes every record that a new journal file must open with.</summary>
    public void WriteSnapshot(IStateJournal target)
    {
        foreach (var group in groups.Values)
        {
            if (group.ProtocolType.Length > 0 || group.GenerationId > 0)
            {
                GroupRecords.WriteGroup(writer, group, withMembers: group.State == GroupState.Stable);
                target.Append(writer.Written);
            }

            if (group.Offsets.Committed.Count > 0)
            {
                GroupRecords.WriteCommitted(writer, group.GroupId, group.Offsets.Committed);
                target.Append(writer.Written);
            }

            foreach (var producerId in group.Offsets.PendingProducerIds)
            {
                GroupRecords.WritePending(writer, group.GroupId, producerId, group.Offsets.PendingOf(producerId));
                target.Append(writer.Written);
            }
        }
    }

    private static PartitionError[] Each(IReadOnlyList<OffsetToCommit> offsets, ErrorCode error) =>
        [.. offsets.Select(o => new PartitionError(o.Partition, error))];

    private Group GroupOf(string groupId, long nowMs)
    {
        if (!groups.TryGetValue(groupId, out var group))
        {
            groups.Add(groupId, group = new Group(groupId) { EmptySinceMs = nowMs });
        }

        return group;
    }

    private ErrorCode CheckCommit(string groupId, GroupCaller caller, bool isTransactional)
    {
        if (groups.GetValueOrDefault(groupId) is not { } group)
        {
            // Kafka accepts clients that manage their partitions themselves, and nobody else.
            return caller.IsUnnamed ? ErrorCode.None
                : caller.GenerationId < 0 ? ErrorCode.UnknownMemberId : ErrorCode.IllegalGeneration;
        }

        if (caller.IsUnnamed)
        {
            return isTransactional || group.State == GroupState.Empty ? ErrorCode.None : ErrorCode.UnknownMemberId;
        }

        var error = group.CheckMember(caller.MemberId, caller.GroupInstanceId);
        if (error != ErrorCode.None)
        {
            return error;
        }

        if (caller.GenerationId != group.GenerationId)
        {
            return ErrorCode.IllegalGeneration;
        }

        return !isTransactional && group.State == GroupState.CompletingRebalance
            ? ErrorCode.RebalanceInProgress
            : ErrorCode.None;
    }

    private List<KeyValuePair<TopicPartition, CommittedOffset>> Stamp(IReadOnlyList<OffsetToCommit> offsets, long nowMs)
    {
        var accepted = new List<KeyValuePair<TopicPartition, CommittedOffset>>(offsets.Count);
        foreach (var offset in offsets)
        {
            if (!IsMetadataTooLarge(offset))
            {
                accepted.Add(new(offset.Partition, new CommittedOffset(
                    offset.Offset, offset.LeaderEpoch, offset.Metadata, nowMs, ++sequence)));
            }
        }

        return accepted;
    }

    private PartitionError[] Accepted(IReadOnlyList<OffsetToCommit> offsets) =>
    [
        .. offsets.Select(o => new PartitionError(
            o.Partition, IsMetadataTooLarge(o) ? ErrorCode.OffsetMetadataTooLarge : ErrorCode.None)),
    ];

    private bool IsMetadataTooLarge(OffsetToCommit offset) =>
        offset.Metadata?.Length > limits.MaximumOffsetMetadataSize;

    private void Forget(string groupId)
    {
        GroupRecords.WriteGroupDeleted(writer, groupId);
        journal.Append(writer.Written);
        groups.Remove(groupId);
    }

    private void Persist(Group group)
    {
        GroupRecords.WriteGroup(writer, group, withMembers: true);
        journal.Append(writer.Written);
    }
}
