using System.Buffers.Binary;
using Alloc.Broker.Apis;
using Alloc.Broker.Protocol;

namespace Broker.Tests.Coordination;

/// <summary>
/// Every version of the coordinators' APIs that is advertised, byte by byte: clients that are at hand here use few of
/// them.
/// </summary>
public sealed class WireVersionTests
{
    [Fact]
    public async Task Member_joins_syncs_heartbeats_commits_and_leaves_in_every_version()
    {
        await using var broker = await TestBroker.StartAsync();
        await Clients.ConfluentClients.CreateTopicAsync(broker, "t");
        await using var wire = await WireClient.ConnectAsync(broker);
        for (short version = 0; version <= 5; version++)
        {
            var group = $"g{version}";
            var (error, generation, member) = await JoinAsync(wire, group, version, "");
            if (version == 4)
            {
                Assert.Equal(ErrorCode.MemberIdRequired, error);
                (error, generation, member) = await JoinAsync(wire, group, version, member);
            }

            Assert.Equal(ErrorCode.None, error);
            Assert.Equal(1, generation);
            var capped = short.Min(version, 3);
            var instance = version >= 5 ? "i" : null;
            Assert.Equal("mine", await SyncAsync(wire, group, capped, generation, member, instance));
            Assert.Equal(ErrorCode.None, await HeartbeatAsync(wire, group, capped, generation, member, instance));
            var commit = short.Max(version, 2);
            Assert.Equal(ErrorCode.None, await CommitAsync(wire, group, commit, generation, member, null));
            Assert.Equal(42, await FetchAsync(wire, group, short.Max(version, 1)));
            Assert.Equal(ErrorCode.None, await LeaveAsync(wire, group, capped, member, instance));
        }

        Assert.Equal(ErrorCode.None, await CommitAsync(wire, "simple", 6, -1, "", null));
        Assert.Equal(ErrorCode.UnknownMemberId, await CommitAsync(wire, "simple", 7, -1, "", "i"));
        Assert.Equal(42, await FetchAsync(wire, "simple", 6));
        Assert.Equal(42, await FetchAsync(wire, "simple", 7));
    }

    [Fact]
    public async Task Answers_end_where_their_version_says()
    {
        await using var broker = await TestBroker.StartAsync();
        await Clients.ConfluentClients.CreateTopicAsync(broker, "t");
        await using var wire = await WireClient.ConnectAsync(broker);
        await CommitAsync(wire, "g", 2, -1, "", null);

        for (short version = 0; version <= 4; version++)
        {
            var described = new KafkaReader(
                await wire.AskAsync(ApiKey.DescribeGroups, version, w =>
                {
                    w.WriteStringArray(["g"]);
                    if (version >= 3)
                    {
                        w.WriteInt8(0);
                    }
                }),
                version, isFlexible: false);
            Skip(ref described, version >= 1 ? 4 : 0);
            Assert.Equal(1, described.ReadArrayLength());
            Assert.Equal(0, described.ReadInt16());
            Assert.Equal(["g", "Empty", "", ""],
                [described.ReadString(), described.ReadString(), described.ReadString(), described.ReadString()]);
            Assert.Equal(0, described.ReadArrayLength());
            Assert.Equal(version >= 3 ? 4 : 0, described.Remaining);
        }

        for (short version = 0; version <= 5; version++)
        {
            var isFlexible = ApiTable.Find((short)ApiKey.ListGroups)!.IsFlexible(version);
            var listed = new KafkaReader(
                await wire.AskAsync(ApiKey.ListGroups, version, w =>
                {
                    for (var filters = version - 3; filters > 0; filters--)
                    {
                        w.WriteStringArray([]);
                    }

                    w.WriteTags();
                }),
                version, isFlexible);
            Skip(ref listed, version >= 1 ? 4 : 0);
            Assert.Equal(0, listed.ReadInt16());
            Assert.Equal(1, listed.ReadArrayLength());
            Assert.Equal("g", listed.ReadString());
            Assert.Equal("", listed.ReadString());
            Assert.Equal(version >= 4 ? "Empty" : "", version >= 4 ? listed.ReadString() : "");
            Assert.Equal(version >= 5 ? "classic" : "", version >= 5 ? listed.ReadString() : "");
            listed.SkipTags();
            listed.SkipTags();
            Assert.Equal(0, listed.Remaining);
        }
    }

    [Fact]
    public async Task Fenced_producers_are_told_so_in_the_words_of_their_version()
    {
        await using var broker = await TestBroker.StartAsync();
        await Clients.ConfluentClients.CreateTopicAsync(broker, "t");
        await using var wire = await WireClient.ConnectAsync(broker);
        long producerId = -1;
        for (short version = 0; version <= 4; version++)
        {
            var (error, id, epoch) = await InitAsync(wire, version, -1, -1);
            Assert.Equal((ErrorCode.None, version), (error, epoch));
            producerId = id;
        }

        Assert.Equal(ErrorCode.InvalidProducerEpoch, (await InitAsync(wire, 3, producerId, 0)).Error);
        Assert.Equal(ErrorCode.ProducerFenced, (await InitAsync(wire, 4, producerId, 0)).Error);
        for (short version = 0; version <= 2; version++)
        {
            var fenced = version < 2 ? ErrorCode.InvalidProducerEpoch : ErrorCode.ProducerFenced;
            Assert.Equal(fenced, await AddPartitionsAsync(wire, version, producerId, epoch: 0));
            Assert.Equal(fenced, await AddOffsetsAsync(wire, version, producerId, epoch: 0));
            Assert.Equal(fenced, await EndAsync(wire, version, producerId, epoch: 0));
            Assert.Equal(ErrorCode.InvalidProducerIdMapping, await EndAsync(wire, version, 99, epoch: 4));
            Assert.Equal(ErrorCode.None, await AddPartitionsAsync(wire, version, producerId, epoch: 4));
            Assert.Equal(ErrorCode.None, await AddOffsetsAsync(wire, version, producerId, epoch: 4));
            Assert.Equal(
                ErrorCode.InvalidProducerEpoch, await TxnCommitAsync(wire, (short)(version + 1), producerId, epoch: 0));
            Assert.Equal(ErrorCode.None, await TxnCommitAsync(wire, (short)(version + 1), producerId, epoch: 4));
            Assert.Equal(ErrorCode.None, await EndAsync(wire, version, producerId, epoch: 4));
            Assert.Equal(
                ErrorCode.InvalidTxnState, await TxnCommitAsync(wire, (short)(version + 1), producerId, epoch: 4));
        }

        Assert.Equal(42, await FetchAsync(wire, "g", 7));
    }

    [Fact]
    public async Task Partition_that_does_not_exist_keeps_the_others_out_of_the_transaction()
    {
        await using var broker = await TestBroker.StartAsync();
        await Clients.ConfluentClients.CreateTopicAsync(broker, "t");
        await using var wire = await WireClient.ConnectAsync(broker);
        var (_, producerId, epoch) = await InitAsync(wire, 0, -1, -1);

        var answer = new KafkaReader(
            await wire.AskAsync(ApiKey.AddPartitionsToTxn, 1, w =>
            {
                w.WriteString("tx");
                w.WriteInt64(producerId);
                w.WriteInt16(epoch);
                w.WriteArrayLength(1);
                w.WriteString("t");
                w.WriteInt32Array([0, 9]);
            }),
            1, isFlexible: false);

        Skip(ref answer, 4 + 4 + 3 + 4);
        Assert.Equal((0, 55), (answer.ReadInt32(), answer.ReadInt16()));
        Assert.Equal((9, 3), (answer.ReadInt32(), answer.ReadInt16()));
        Assert.Equal(ErrorCode.InvalidTxnState, await EndAsync(wire, 1, producerId, epoch));
    }

    private static void Skip(ref KafkaReader reader, int count)
    {
        for (; count > 0; count--)
        {
            reader.ReadInt8();
        }
    }

    private static async Task<(ErrorCode Error, int Generation, string Member)> JoinAsync(
        WireClient wire, string group, short version, string member)
    {
        var reader = new KafkaReader(
            await wire.AskAsync(ApiKey.JoinGroup, version, w =>
            {
                w.WriteString(group);
                w.WriteInt32(10_000);
                if (version >= 1)
                {
                    w.WriteInt32(5_000);
                }

                w.WriteString(member);
                if (version >= 5)
                {
                    w.WriteNullableString("i");
                }

                w.WriteString("consumer");
                w.WriteArrayLength(1);
                w.WriteString("range");
                w.WriteBytes([]);
            }),
            version, isFlexible: false);
        Skip(ref reader, version >= 2 ? 4 : 0);
        var error = (ErrorCode)reader.ReadInt16();
        var generation = reader.ReadInt32();
        reader.ReadString();
        reader.ReadString();
        return (error, generation, reader.ReadString());
    }

    private static async Task<string> SyncAsync(
        WireClient wire, string group, short version, int generation, string member, string? instance)
    {
        var reader = new KafkaReader(
            await wire.AskAsync(ApiKey.SyncGroup, version, w =>
            {
                WriteMember(w, group, generation, member);
                WriteInstance(w, version >= 3, instance);
                w.WriteArrayLength(1);
                w.WriteString(member);
                w.WriteBytes("mine"u8);
            }),
            version, isFlexible: false);
        Skip(ref reader, version >= 1 ? 4 : 0);
        Assert.Equal(0, reader.ReadInt16());
        return System.Text.Encoding.UTF8.GetString(reader.ReadBytes().Span);
    }

    private static async Task<ErrorCode> HeartbeatAsync(
        WireClient wire, string group, short version, int generation, string member, string? instance) =>
        Error(
            await wire.AskAsync(ApiKey.Heartbeat, version, w =>
            {
                WriteMember(w, group, generation, member);
                WriteInstance(w, version >= 3, instance);
            }),
            throttled: version >= 1);

    private static async Task<ErrorCode> LeaveAsync(
        WireClient wire, string group, short version, string member, string? instance) =>
        Error(
            await wire.AskAsync(ApiKey.LeaveGroup, version, w =>
            {
                w.WriteString(group);
                if (version >= 3)
                {
                    w.WriteArrayLength(1);
                }

                w.WriteString(member);
                WriteInstance(w, version >= 3, instance);
            }),
            throttled: version >= 1);

    private static async Task<ErrorCode> CommitAsync(
        WireClient wire, string group, short version, int generation, string member, string? instance)
    {
        var answer = await wire.AskAsync(ApiKey.OffsetCommit, version, w =>
        {
            WriteMember(w, group, generation, member);
            WriteInstance(w, version >= 7, instance);
            if (version <= 4)
            {
                w.WriteInt64(-1);
            }

            w.WriteArrayLength(1);
            w.WriteString("t");
            w.WriteArrayLength(1);
            w.WriteInt32(0);
            w.WriteInt64(42);
            if (version >= 6)
            {
                w.WriteInt32(-1);
            }

            w.WriteNullableString("note");
        });
        return LastError(answer);
    }

    private static async Task<long> FetchAsync(WireClient wire, string group, short version)
    {
        var isFlexible = ApiTable.Find((short)ApiKey.OffsetFetch)!.IsFlexible(version);
        var reader = new KafkaReader(
            await wire.AskAsync(ApiKey.OffsetFetch, version, w =>
            {
                w.WriteString(group);
                w.WriteArrayLength(1);
                w.WriteString("t");
                w.WriteInt32Array([0]);
                w.WriteTags();
                if (version >= 7)
                {
                    w.WriteInt8(1);
                }

                w.WriteTags();
            }),
            version, isFlexible);
        Skip(ref reader, version >= 3 ? 4 : 0);
        Assert.Equal(1, reader.ReadArrayLength());
        Assert.Equal("t", reader.ReadString());
        Assert.Equal(1, reader.ReadArrayLength());
        Assert.Equal(0, reader.ReadInt32());
        var offset = reader.ReadInt64();
        Skip(ref reader, version >= 5 ? 4 : 0);
        Assert.Equal("note", reader.ReadNullableString());
        Assert.Equal(0, reader.ReadInt16());
        reader.SkipTags();
        reader.SkipTags();
        Assert.Equal(version >= 2 ? 2 : 0, version >= 2 ? reader.Remaining - (isFlexible ? 1 : 0) : reader.Remaining);
        return offset;
    }

    private static async Task<(ErrorCode Error, long ProducerId, short Epoch)> InitAsync(
        WireClient wire, short version, long producerId, short epoch)
    {
        var reader = new KafkaReader(
            await wire.AskAsync(ApiKey.InitProducerId, version, w =>
            {
                w.WriteNullableString("tx");
                w.WriteInt32(60_000);
                if (version >= 3)
                {
                    w.WriteInt64(producerId);
                    w.WriteInt16(epoch);
                }

                w.WriteTags();
            }),
            version, isFlexible: version >= 2);
        Skip(ref reader, 4);
        var answer = ((ErrorCode)reader.ReadInt16(), reader.ReadInt64(), reader.ReadInt16());
        reader.SkipTags();
        Assert.Equal(0, reader.Remaining);
        return answer;
    }

    private static async Task<ErrorCode> AddPartitionsAsync(
        WireClient wire, short version, long producerId, short epoch) =>
        LastError(await wire.AskAsync(ApiKey.AddPartitionsToTxn, version, w =>
        {
            WriteProducer(w, producerId, epoch);
            w.WriteArrayLength(1);
            w.WriteString("t");
            w.WriteInt32Array([0]);
        }));

    private static async Task<ErrorCode> AddOffsetsAsync(
        WireClient wire, short version, long producerId, short epoch) =>
        LastError(await wire.AskAsync(ApiKey.AddOffsetsToTxn, version, w =>
        {
            WriteProducer(w, producerId, epoch);
            w.WriteString("g");
        }));

    private static async Task<ErrorCode> EndAsync(WireClient wire, short version, long producerId, short epoch) =>
        LastError(await wire.AskAsync(ApiKey.EndTxn, version, w =>
        {
            WriteProducer(w, producerId, epoch);
            w.WriteInt8(1);
        }));

    private static async Task<ErrorCode> TxnCommitAsync(WireClient wire, short version, long producerId, short epoch)
    {
        var answer = await wire.AskAsync(ApiKey.TxnOffsetCommit, version, w =>
        {
            w.WriteString("tx");
            w.WriteString("g");
            w.WriteInt64(producerId);
            w.WriteInt16(epoch);
            if (version >= 3)
            {
                w.WriteInt32(-1);
                w.WriteString("");
                w.WriteNullableString(null);
            }

            w.WriteArrayLength(1);
            w.WriteString("t");
            w.WriteArrayLength(1);
            w.WriteInt32(0);
            w.WriteInt64(42);
            if (version >= 2)
            {
                w.WriteInt32(-1);
            }

            w.WriteNullableString("note");
            w.WriteTags();
            w.WriteTags();
            w.WriteTags();
        });
        return LastError(version >= 3 ? answer.AsSpan(..^3) : answer);
    }

    private static void WriteMember(KafkaWriter writer, string group, int generation, string member)
    {
        writer.WriteString(group);
        writer.WriteInt32(generation);
        writer.WriteString(member);
    }

    private static void WriteInstance(KafkaWriter writer, bool hasInstance, string? instance)
    {
        if (hasInstance)
        {
            writer.WriteNullableString(instance);
        }
    }

    private static void WriteProducer(KafkaWriter writer, long producerId, short epoch)
    {
        writer.WriteString("tx");
        writer.WriteInt64(producerId);
        writer.WriteInt16(epoch);
    }

    private static ErrorCode Error(byte[] answer, bool throttled) =>
        (ErrorCode)BinaryPrimitives.ReadInt16BigEndian(answer.AsSpan(throttled ? 4 : 0));

    private static ErrorCode LastError(ReadOnlySpan<byte> answer) =>
        (ErrorCode)BinaryPrimitives.ReadInt16BigEndian(answer[^2..]);
}
