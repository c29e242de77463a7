using System.Globalization;
using Alloc.Engine.LogClient;
using Alloc.Engine.Runtime;

namespace Engine.Tests.Runtime;

/// <summary>How many of the records that wait may be processed in the order of their time.</summary>
public sealed class RecordQueueTests
{
    [Theory]
    [InlineData("3", 3)]
    [InlineData("0", 0)]
    [InlineData("0 at its end", 0)]
    [InlineData("3, 4", 7)]
    [InlineData("3, 0", 0)]
    [InlineData("0, 3", 0)]
    [InlineData("3, 0 at its end", 3)]
    [InlineData("0 at its end, 3", 3)]
    [InlineData("3, 0 at its end, 0", 0)]
    public void Nothing_is_ready_while_an_older_record_may_come(string waiting, int ready)
    {
        var queues = waiting.Split(", ").Select(Queue).ToArray();

        Assert.Equal(ready, RecordQueue.ReadyCount(queues));
    }

    [Fact]
    public void An_end_that_was_passed_since_is_none()
    {
        var queue = Queue("0 at its end");
        Enqueue(queue, 1, 1);
        queue.Dequeue();

        Assert.Equal(0, RecordQueue.ReadyCount([Queue("3"), queue]));

        queue.ReachEnd(2);
        Assert.Equal(3, RecordQueue.ReadyCount([Queue("3"), queue]));
    }

    private static RecordQueue Queue(string waiting)
    {
        // No node reads it here.
        var queue = new RecordQueue(new TopicPartition("topic", 0), source: null!);
        queue.Reset(nextOffset: 0, mark: -1);
        // One that was processed, so that an end has something before it.
        Enqueue(queue, 0, 1);
        queue.Dequeue();
        Enqueue(queue, 1, int.Parse(waiting.Split(' ')[0], CultureInfo.InvariantCulture));
        if (waiting.EndsWith("at its end", StringComparison.Ordinal))
        {
            queue.ReachEnd(1);
        }
        return queue;
    }

    private static void Enqueue(RecordQueue queue, long firstOffset, int count)
    {
        for (var offset = firstOffset; offset < firstOffset + count; offset++)
        {
            queue.Enqueue(new PollResult { Kind = PollKind.Record, Offset = offset, TimestampMs = offset });
        }
    }
}
