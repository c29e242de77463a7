using Alloc.Broker.Apis;
using Alloc.Broker.Protocol;

namespace Broker.Tests.Groups;

/// <summary>A committed offset without metadata: an empty string in every version, as in Kafka, never null.</summary>
public sealed class OffsetMetadataTests
{
    public static TheoryData<short, short, string?> EveryCommitAndFetch()
    {
        var rows = new TheoryData<short, short, string?>();
        var (commit, fetch) = (ApiTable.Find((short)ApiKey.OffsetCommit)!, ApiTable.Find((short)ApiKey.OffsetFetch)!);
        for (var version = commit.MinVersion; version <= commit.MaxVersion; version++)
        {
            rows.Add(version, fetch.MaxVersion, null);
            rows.Add(version, fetch.MaxVersion, "note");
        }
        for (var version = fetch.MinVersion; version <= fetch.MaxVersion; version++)
        {
            rows.Add(commit.MaxVersion, version, null);
            rows.Add(commit.MaxVersion, version, "");
        }
        return rows;
    }

    [Theory]
    [MemberData(nameof(EveryCommitAndFetch))]
    public async Task No_metadata_is_an_empty_string(short commitVersion, short fetchVersion, string? metadata)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", 2);
        await using var wire = await WireClient.ConnectAsync(broker);

        await wire.AskAsync(ApiKey.OffsetCommit, commitVersion, w => WriteCommit(w, metadata));
        await broker.RestartAsync();
        await using var again = await WireClient.ConnectAsync(broker);
        var answer = await again.AskAsync(ApiKey.OffsetFetch, fetchVersion, WriteFetch);

        Assert.Equal([(0, 7L, metadata ?? ""), (1, -1L, "")], Read(answer, fetchVersion));
    }

    private static void WriteCommit(KafkaWriter writer, string? metadata)
    {
        writer.WriteString("g");
        writer.WriteInt32(-1);
        writer.WriteString("");
        if (writer.Version >= 7)
        {
            writer.WriteNullableString(null);
        }
        if (writer.Version <= 4)
        {
            writer.WriteInt64(-1);
        }
        writer.WriteArrayLength(1);
        writer.WriteString("t");
        writer.WriteArrayLength(1);
        writer.WriteInt32(0);
        writer.WriteInt64(7);
        if (writer.Version >= 6)
        {
            writer.WriteInt32(-1);
        }
        writer.WriteNullableString(metadata);
        writer.WriteTags();
        writer.WriteTags();
        writer.WriteTags();
    }

    private static void WriteFetch(KafkaWriter writer)
    {
        writer.WriteString("g");
        writer.WriteArrayLength(1);
        writer.WriteString("t");
        writer.WriteInt32Array([0, 1]);
        writer.WriteTags();
        if (writer.Version >= 7)
        {
            writer.WriteBoolean(false);
        }
        writer.WriteTags();
    }

    private static List<(int Partition, long Offset, string? Metadata)> Read(byte[] answer, short version)
    {
        var reader = new KafkaReader(answer, version, ApiTable.Find((short)ApiKey.OffsetFetch)!.IsFlexible(version));
        if (version >= 3)
        {
            reader.ReadInt32();
        }
        Assert.Equal(1, reader.ReadArrayLength());
        reader.ReadString();
        var rows = new List<(int, long, string?)>();
        for (var count = reader.ReadArrayLength(); count > 0; count--)
        {
            var partition = reader.ReadInt32();
            var offset = reader.ReadInt64();
            if (version >= 5)
            {
                reader.ReadInt32();
            }
            rows.Add((partition, offset, reader.ReadNullableString()));
            Assert.Equal(ErrorCode.None, (ErrorCode)reader.ReadInt16());
            reader.SkipTags();
        }
        return rows;
    }
}
