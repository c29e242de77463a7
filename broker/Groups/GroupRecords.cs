using Alloc.Broker.Coordination;

namespace Alloc.Broker.Groups;

/// <summary>How groups and offsets are written to the coordinators' journal and read back.</summary>
internal static class GroupRecords
{
    /// <summary>
    /// Writes a group with its members and assignments, or without them where a rebalance has made the assignments
    /// stale: then the members are asked to join again after a restart.
    /// </summary>
    public static void WriteGroup(RecordWriter writer, Group group, bool withMembers)
    {
        writer.Start(JournalRecordKind.Group).String(group.GroupId).Int32(group.GenerationId).String(group.ProtocolType)
            .String(group.ProtocolName).String(withMembers ? group.LeaderId : null)
            .Int32(withMembers ? group.MemberCount : 0);
        foreach (var member in withMembers ? group.Members : [])
        {
            writer.String(member.MemberId).String(member.GroupInstanceId).String(member.ClientId)
                .String(member.ClientHost).Int32(member.SessionTimeoutMs).Int32(member.RebalanceTimeoutMs)
                .Bytes(member.Assignment).Int32(member.Protocols.Count);
            foreach (var (name, metadata) in member.Protocols)
            {
                writer.String(name).Bytes(metadata);
            }
        }
    }

    /// <summary>Puts back a group as it was when its assignments were made; every session starts anew.</summary>
    public static void ReadGroup(ref RecordReader reader, Func<string, Group> groupOf, long nowMs)
    {
        var group = groupOf(reader.String());
        foreach (var member in group.Members.ToList())
        {
            group.Remove(member);
        }

        group.GenerationId = reader.Int32();
        group.ProtocolType = reader.String();
        group.ProtocolName = reader.String();
        var leaderId = reader.NullableString();
        var count = reader.Count();
        for (; count > 0; count--)
        {
            group.Add(ReadMember(ref reader, nowMs));
        }

        group.LeaderId = leaderId;
        group.State = group.MemberCount == 0 ? GroupState.Empty : GroupState.Stable;
        group.EmptySinceMs = nowMs;
    }

    public static void WriteGroupDeleted(RecordWriter writer, string groupId) =>
        writer.Start(JournalRecordKind.GroupDeleted).String(groupId);

    public static void WriteCommitted(
        RecordWriter writer, string groupId, IReadOnlyCollection<KeyValuePair<TopicPartition, CommittedOffset>> offsets)
    {
        writer.Start(JournalRecordKind.OffsetsCommitted).String(groupId);
        WriteOffsets(writer, offsets);
    }

    public static void ReadCommitted(ref RecordReader reader, Func<string, Group> groupOf, ref long sequence)
    {
        var group = groupOf(reader.String());
        for (var count = reader.Count(); count > 0; count--)
        {
            var (partition, offset) = ReadOffset(ref reader);
            group.Offsets.Commit(partition, offset);
            sequence = long.Max(sequence, offset.Sequence);
        }
    }

    public static void WritePending(
        RecordWriter writer,
        string groupId,
        long producerId,
        IReadOnlyCollection<KeyValuePair<TopicPartition, CommittedOffset>> offsets)
    {
        writer.Start(JournalRecordKind.OffsetsPending).String(groupId).Int64(producerId);
        WriteOffsets(writer, offsets);
    }

    public static void ReadPending(ref RecordReader reader, Func<string, Group> groupOf, ref long sequence)
    {
        var group = groupOf(reader.String());
        var producerId = reader.Int64();
        for (var count = reader.Count(); count > 0; count--)
        {
            var (partition, offset) = ReadOffset(ref reader);
            group.Offsets.Hold(producerId, partition, offset);
            sequence = long.Max(sequence, offset.Sequence);
        }
    }

    public static void WriteDeleted(RecordWriter writer, string groupId, IReadOnlyCollection<TopicPartition> partitions)
    {
        writer.Start(JournalRecordKind.OffsetsDeleted).String(groupId).Int32(partitions.Count);
        foreach (var (topic, partition) in partitions)
        {
            writer.String(topic).Int32(partition);
        }
    }

    public static void ReadDeleted(ref RecordReader reader, Func<string, Group> groupOf)
    {
        var group = groupOf(reader.String());
        for (var count = reader.Count(); count > 0; count--)
        {
            group.Offsets.Remove(new TopicPartition(reader.String(), reader.Int32()));
        }
    }

    private static GroupMember ReadMember(ref RecordReader reader, long nowMs)
    {
        var memberId = reader.String();
        var instanceId = reader.NullableString();
        var clientId = reader.String();
        var clientHost = reader.String();
        var sessionTimeoutMs = reader.Int32();
        var rebalanceTimeoutMs = reader.Int32();
        var assignment = reader.Bytes();
        var protocols = new GroupProtocol[reader.Count()];
        for (var i = 0; i < protocols.Length; i++)
        {
            protocols[i] = new GroupProtocol(reader.String(), reader.Bytes());
        }

        var member = new GroupMember
        {
            MemberId = memberId,
            GroupInstanceId = instanceId,
            ClientId = clientId,
            ClientHost = clientHost,
            SessionTimeoutMs = sessionTimeoutMs,
            RebalanceTimeoutMs = rebalanceTimeoutMs,
            Protocols = protocols,
            Assignment = assignment,
        };
        member.Heard(nowMs);
        return member;
    }

    private static void WriteOffsets(
        RecordWriter writer, IReadOnlyCollection<KeyValuePair<TopicPartition, CommittedOffset>> offsets)
    {
        writer.Int32(offsets.Count);
        foreach (var (partition, offset) in offsets)
        {
            writer.String(partition.Topic).Int32(partition.Partition).Int64(offset.Offset).Int32(offset.LeaderEpoch)
                .String(offset.Metadata).Int64(offset.CommittedAtMs).Int64(offset.Sequence);
        }
    }

    private static (TopicPartition Partition, CommittedOffset Offset) ReadOffset(ref RecordReader reader)
    {
        var partition = new TopicPartition(reader.String(), reader.Int32());
        return (partition, new CommittedOffset(
            reader.Int64(), reader.Int32(), reader.NullableString(), reader.Int64(), reader.Int64()));
    }
}
