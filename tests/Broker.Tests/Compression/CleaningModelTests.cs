using System.Text;
using Alloc.Broker.Protocol;
using Alloc.Broker.Storage;

namespace Broker.Tests.Compression;

/// <summary>
/// Compaction against a model, over random histories of every codec, of transactions, and of batches that the broker
/// cannot read but a consumer can: what a consumer folds by key is the same before and after.
/// </summary>
public sealed class CleaningModelTests
{
    private const int UnknownCodec = 5;
    private const int DamagedLz4 = 8;
    private const int DamagedGzip = 9;
    private const int CutShort = 10;
    private static readonly int[] Readable = [0, 1, 2, 3, 4];
    private static readonly int[] Unreadable = [UnknownCodec, 6, 7, DamagedLz4, DamagedGzip, CutShort];

    public static TheoryData<int, string> SeedsAndPhases
    {
        get
        {
            var data = new TheoryData<int, string>();
            foreach (var phase in (string[])["swapped", "restarted", "crashed after the decision", "crashed before it"])
            {
                for (var seed = 1; seed <= 12; seed++)
                {
                    data.Add(seed, phase);
                }
            }
            return data;
        }
    }

    public static TheoryData<int> AllCodecs => [.. Readable, .. Unreadable];

    [Theory]
    [MemberData(nameof(SeedsAndPhases))]
    public async Task Fold_by_key_is_the_same_before_and_after(int seed, string phase)
    {
        var random = new Random(seed);
        await using var broker = await StartAsync();
        var history = new History(random, seed % 3 == 0 ? Readable : [.. Readable, .. Unreadable]);
        for (var round = 0; round < 4; round++)
        {
            await broker.OnLoopAsync(() => history.Append(LogOf(broker), count: 60));
            var before = await FoldAsync(broker, history);

            await CleanAsync(broker, phase);

            Assert.Equal(before, await FoldAsync(broker, history));
        }
    }

    [Fact]
    public async Task Where_all_can_be_read_one_value_of_each_key_stays_and_no_old_tombstone()
    {
        await using var broker = await StartAsync();
        var history = new History(new Random(7), Readable);
        for (var round = 0; round < 3; round++)
        {
            await broker.OnLoopAsync(() => history.Append(LogOf(broker), count: 60));
            await CleanAsync(broker, "swapped");
        }

        var log = LogOf(broker);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (offset, key, value) in await RecordsAsync(broker, history))
        {
            if (offset < log.UniqueUpTo)
            {
                Assert.True(seen.Add(key), $"{key} has two values");
                Assert.NotNull(value);
            }
        }
        Assert.Equal(log.CleanedUpTo, log.UniqueUpTo);
        Assert.NotEmpty(seen);
    }

    [Theory]
    [MemberData(nameof(AllCodecs))]
    public async Task Deleted_key_stays_deleted_whatever_its_value_was_compressed_with(int codec)
    {
        await using var broker = await StartAsync();
        var history = new History(new Random(1), Readable);
        await broker.OnLoopAsync(() =>
        {
            var log = LogOf(broker);
            history.Append(log, [("gone", "value"), ("other", "value")], codec);
            history.Append(log, [("gone", null)], (int)CompressionCodec.Lz4);
            history.Append(log, count: 60, keys: 2);
            return 0;
        });

        for (var round = 0; round < 3; round++)
        {
            await CleanAsync(broker, round == 1 ? "restarted" : "swapped");
            await broker.OnLoopAsync(() => history.Append(LogOf(broker), count: 30, keys: 2));

            Assert.DoesNotContain("gone", (await FoldAsync(broker, history)).Keys);
        }
        var tombstones = (await RecordsAsync(broker, history)).Count(r => r is { Key: "gone", Value: null });
        Assert.Equal(Unreadable.Contains(codec) ? 1 : 0, tombstones);
    }

    [Fact]
    public async Task Log_of_a_compaction_that_could_not_read_every_codec_is_looked_into_again()
    {
        await using var broker = await StartAsync();
        var history = new History(new Random(1), Readable);
        await broker.OnLoopAsync(() =>
        {
            history.Append(LogOf(broker), [("gone", "value")], (int)CompressionCodec.Lz4);
            history.Append(LogOf(broker), [("gone", null)], (int)CompressionCodec.Lz4);
            history.Append(LogOf(broker), count: 60, keys: 2);
            return 0;
        });
        await broker.Broker.StopAsync();
        var directory = Path.Combine(broker.Options.DataDirectory, "topics", "t", "0");
        using (var writer = new KafkaWriter())
        {
            // As such a compaction left it: the offset up to which it came, nothing of what it passed over.
            SealedBytes.Begin(writer, 0x414C_434C, 1);
            writer.WriteInt64(10);
            await File.WriteAllBytesAsync(Path.Combine(directory, "compacted"), SealedBytes.End(writer));
        }
        await broker.RestartAsync();
        await broker.OnLoopAsync(() => history.Append(LogOf(broker), count: 30, keys: 2));

        await CleanAsync(broker, "swapped");

        Assert.DoesNotContain("gone", (await FoldAsync(broker, history)).Keys);
    }

    [Fact]
    public async Task Tombstone_of_an_old_time_stays_until_readers_had_theirs()
    {
        await using var broker = await StartAsync(deleteRetentionMs: 3_600_000);
        var history = new History(new Random(1), Readable);
        await broker.OnLoopAsync(() =>
        {
            history.Append(LogOf(broker), [("gone", null)], (int)CompressionCodec.Zstd);
            history.Append(LogOf(broker), count: 60, keys: 2);
            return 0;
        });

        await CleanAsync(broker, "swapped", laterMs: 3_000_000);
        var early = (await RecordsAsync(broker, history)).Count(r => r is { Key: "gone" });
        await broker.OnLoopAsync(() => history.Append(LogOf(broker), count: 30, keys: 2));
        await CleanAsync(broker, "swapped", laterMs: 4_000_000);
        var late = (await RecordsAsync(broker, history)).Count(r => r is { Key: "gone" });

        Assert.Equal((1, 0), (early, late));
    }

    private static async Task<TestBroker> StartAsync(long deleteRetentionMs = 0)
    {
        var broker = await TestBroker.StartAsync(o => o with { HousekeepingInterval = TimeSpan.FromHours(1) });
        await broker.CreateTopicAsync("t", configs: new()
        {
            ["cleanup.policy"] = "compact",
            ["segment.bytes"] = "3000",
            ["min.cleanable.dirty.ratio"] = "0.01",
            ["delete.retention.ms"] = $"{deleteRetentionMs}",
        });
        return broker;
    }

    private static PartitionLog LogOf(TestBroker broker) => broker.Broker.Core.Topics.Find("t", 0)!;

    private static async Task CleanAsync(TestBroker broker, string phase, long laterMs = 60_000)
    {
        var log = LogOf(broker);
        var task = await broker.OnLoopAsync(() => log.BeginCleaning(broker.Broker.Core.Loop.NowMs + laterMs));
        Assert.NotNull(task);
        using var cleaner = new SegmentCleaner(new Disk(), task);
        if (phase == "crashed before it")
        {
            using var stopped = new CancellationTokenSource();
            await stopped.CancelAsync();
            Assert.ThrowsAny<OperationCanceledException>(() => cleaner.Run(stopped.Token));
            await broker.OnLoopAsync(() => Finish(log, task, null));
            return;
        }
        var cleaned = cleaner.Run(CancellationToken.None);
        if (phase != "crashed after the decision")
        {
            await broker.OnLoopAsync(() => Finish(log, task, cleaned));
        }
        if (phase != "swapped")
        {
            await broker.RestartAsync();
        }
    }

    private static bool Finish(PartitionLog log, CleaningTask task, Cleaned? cleaned)
    {
        log.FinishCleaning(task, cleaned);
        return true;
    }

    /// <summary>Key to value and offset, as a read-committed consumer of every codec has it at the end.</summary>
    private static async Task<SortedDictionary<string, (long, string)>> FoldAsync(TestBroker broker, History history)
    {
        var fold = new SortedDictionary<string, (long, string)>(StringComparer.Ordinal);
        foreach (var (offset, key, value) in await RecordsAsync(broker, history))
        {
            if (value is null)
            {
                fold.Remove(key);
            }
            else
            {
                fold[key] = (offset, value);
            }
        }
        return fold;
    }

    private static async Task<List<(long Offset, string Key, string? Value)>> RecordsAsync(
        TestBroker broker, History history)
    {
        await using var wire = await WireClient.ConnectAsync(broker);
        var records = new List<(long, string, string?)>();
        var aborting = new HashSet<long>();
        for (long next = 0, end = LogOf(broker).LastStableOffset; next < end;)
        {
            var fetched = await wire.FetchAsync("t", next, isReadCommitted: true, partitionMaxBytes: 10 << 20);
            Assert.NotEmpty(fetched.Records);
            var aborted = fetched.Aborted.OrderBy(a => a.FirstOffset).ToList();
            for (var position = 0; position < fetched.Records.Length;)
            {
                var batch = new RecordBatch(fetched.Records.AsSpan(position));
                Assert.True(batch.HasValidChecksum);
                var lastOffset = batch.LastOffset;
                aborting.UnionWith(aborted.Where(a => a.FirstOffset <= lastOffset).Select(a => a.ProducerId));
                aborted.RemoveAll(a => a.FirstOffset <= lastOffset);
                if (batch.IsControl)
                {
                    aborting.Remove(batch.ProducerId);
                }
                else if (!batch.IsTransactional || !aborting.Contains(batch.ProducerId))
                {
                    history.Read(batch, records);
                }
                next = batch.LastOffset + 1;
                position += batch.Size;
            }
        }
        return records;
    }

    /// <summary>Writes at random, and knows what is in the batches that the broker cannot read.</summary>
    private sealed class History(Random random, int[] codecs)
    {
        private readonly Dictionary<long, byte[]> secrets = [];
        private int written;
        private int transactions;

        public int Append(PartitionLog log, int count, int keys = 12)
        {
            for (; count > 0; count--)
            {
                var records = Enumerable.Range(0, random.Next(1, 5)).Select(_ => ((string?)$"k{random.Next(keys)}",
                    random.Next(3) == 0 ? null : $"v{written++} {new string('x', random.Next(80))}")).ToList();
                var codec = codecs[random.Next(codecs.Length)];
                switch (random.Next(8))
                {
                    case 0:
                        AppendTransaction(log, records, codec, isCommit: true);
                        break;
                    case 1:
                        AppendTransaction(log, records, codec, isCommit: false);
                        break;
                    default:
                        Append(log, records, codec);
                        break;
                }
            }
            return count;
        }

        public void Append(PartitionLog log, List<(string?, string?)> records, int codec) =>
            Append(log, Batches.Of(records), codec);

        public void Read(RecordBatch batch, List<(long, string, string?)> records)
        {
            var opened = secrets.TryGetValue(batch.BaseOffset, out var secret) && batch.RecordCount > 0
                ? secret
                : Batches.Opened(batch);
            var cursor = new RecordCursor(opened);
            while (cursor.MoveNext())
            {
                records.Add((batch.BaseOffset + cursor.OffsetDelta, Encoding.UTF8.GetString(cursor.Key),
                    cursor.IsValueNull ? null : Encoding.UTF8.GetString(cursor.Value)));
            }
            Assert.False(cursor.IsCorrupt);
        }

        private void AppendTransaction(
            PartitionLog log, List<(string?, string?)> records, int codec, bool isCommit)
        {
            var producer = 100 + (transactions % 3);
            var batch = Batches.Of(records);
            var header = new RecordBatch(batch)
            {
                Attributes = RecordBatch.AttributesOf(isTransactional: true, isControl: false),
                ProducerId = producer,
                ProducerEpoch = (short)(transactions++ / 3),
                BaseSequence = 0,
            };
            Append(log, batch, codec);
            log.AppendMarker(new ProducerIdentity(producer, header.ProducerEpoch), 0, isCommit);
        }

        private void Append(PartitionLog log, byte[] plain, int codec)
        {
            var records = plain[RecordBatch.HeaderSize..];
            var batch = codec switch
            {
                <= (int)CompressionCodec.Zstd => Batches.Compressed(plain, (CompressionCodec)codec),
                DamagedLz4 => Batches.WithPayload(plain, CompressionCodec.Lz4, records),
                DamagedGzip => Batches.WithPayload(plain, CompressionCodec.Gzip, records),
                CutShort => Batches.WithPayload(plain, CompressionCodec.None, records[..^1]),
                _ => Batches.WithPayload(plain, (CompressionCodec)codec, records),
            };
            var appended = log.AppendBatch(batch);
            Assert.Equal(ErrorCode.None, appended.Error);
            if (codec > (int)CompressionCodec.Zstd)
            {
                secrets.Add(appended.BaseOffset, records);
            }
        }
    }
}
