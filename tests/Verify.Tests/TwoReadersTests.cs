using System.Reflection;
using System.Text;
using Alloc.Verify;
using Confluent.Kafka;

namespace Verify.Tests;

/// <summary>
/// What a read-committed reader sees must stand in the log, with the same bytes; else the broker is broken.
/// </summary>
public sealed class TwoReadersTests
{
    [Fact]
    public void Readers_that_see_the_same_are_in_order()
    {
        Assert.Empty(Findings(committed: ["a", "b"], uncommitted: ["a", "b"]));
    }

    [Fact]
    public void A_record_that_only_the_uncommitted_reader_sees_is_an_aborted_one()
    {
        Assert.Empty(Findings(committed: ["a", null, "c"], uncommitted: ["a", "aborted", "c"]));
    }

    [Fact]
    public void A_record_that_only_the_committed_reader_sees_is_found()
    {
        Assert.Equal(
            [FindingKind.AbortedDataSeen], Findings(committed: ["a", "b", "c"], uncommitted: ["a", null, "c"]));
    }

    [Fact]
    public void Different_bytes_for_the_two_readers_are_found()
    {
        Assert.Equal([FindingKind.AbortedDataSeen], Findings(committed: ["a", "b"], uncommitted: ["a", "B"]));
    }

    /// <summary>Reads a log by both; null stands for a record that a reader does not see.</summary>
    private static IEnumerable<FindingKind> Findings(string?[] committed, string?[] uncommitted)
    {
        var findings = new Findings();
        using var readers = new ReaderPair(Reader.Of(committed), Reader.Of(uncommitted));
        var log = new LogReader(
            readers, new TopicPartition("t", 0), findings, TimeSpan.FromSeconds(1), CancellationToken.None);
        while (log.Next() is not null)
        {
        }
        return findings.Counts.Keys;
    }

    /// <summary>A consumer of one partition, as far as a log is read.</summary>
    public class Reader : DispatchProxy
    {
        private readonly Queue<ConsumeResult<byte[]?, byte[]?>> records = [];
        private long end;

        internal static IConsumer<byte[]?, byte[]?> Of(string?[] values)
        {
            var consumer = Create<IConsumer<byte[]?, byte[]?>, Reader>();
            var reader = (Reader)(object)consumer;
            reader.end = values.Length;
            for (var offset = 0; offset < values.Length; offset++)
            {
                if (values[offset] is { } value)
                {
                    reader.records.Enqueue(Record(offset, Encoding.UTF8.GetBytes(value)));
                }
            }
            return consumer;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name switch
        {
            nameof(IConsumer<,>.QueryWatermarkOffsets) => new WatermarkOffsets(0, end),
            nameof(IConsumer<,>.Consume) => records.TryDequeue(out var next) ? next : End(),
            nameof(IConsumer<,>.Assign) or nameof(IDisposable.Dispose) => null,
            var other => throw new NotSupportedException(other),
        };

        private static ConsumeResult<byte[]?, byte[]?> Record(long offset, byte[] value) => new()
        {
            Topic = "t",
            Partition = 0,
            Offset = offset,
            Message = new Message<byte[]?, byte[]?> { Value = value },
        };

        private ConsumeResult<byte[]?, byte[]?> End() => new()
        {
            Topic = "t",
            Partition = 0,
            Offset = end,
            IsPartitionEOF = true,
        };
    }
}
