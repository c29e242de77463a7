using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;

namespace Alloc.Client.Kafka;

/// <summary>
/// Reads the partitions of the journal in which answers are waited for, on one thread, and hands each answer to who
/// waits for it. A partition is read from where it ended before the command was sent, so that no answer is missed.
/// What nobody has waited for in a while is not read any more.
/// </summary>
internal sealed class AnswerListener : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(30);
    private readonly IConsumer<byte[]?, byte[]?> reader;
    private readonly string topic;
    private readonly TimeSpan patience;
    private readonly AvroSerde<AllocationOutcome> outcomes;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly Dictionary<int, long> positions = [];
    private readonly Dictionary<(int Partition, string CommandId), List<ExpectedAnswer>> expected = [];
    private Task reading = Task.CompletedTask;
    private long usedAt;
    private bool isAssigned;

    /// <param name="reader">What reads, read committed; the listener's own from now on.</param>
    /// <param name="topic">The journal.</param>
    /// <param name="patience">How long Kafka may take to say where a partition ends.</param>
    /// <param name="outcomes">Reads outcomes.</param>
    /// <param name="time">The clock.</param>
    public AnswerListener(
        IConsumer<byte[]?, byte[]?> reader, string topic, TimeSpan patience, AvroSerde<AllocationOutcome> outcomes,
        TimeProvider time)
    {
        this.reader = reader;
        this.topic = topic;
        this.patience = patience;
        this.outcomes = outcomes;
        this.time = time;
        usedAt = time.GetTimestamp();
    }

    /// <summary>What keeps it from reading now, or null.</summary>
    public string? Problem { get; private set; }

    /// <summary>Reads a partition from its present end on, unless it is read already.</summary>
    /// <exception cref="KafkaException">Kafka does not say where it ends.</exception>
    public void Follow(int partition)
    {
        lock (gate)
        {
            usedAt = time.GetTimestamp();
            if (positions.ContainsKey(partition))
            {
                return;
            }
        }
        var end = reader.BoundsOf(new TopicPartition(topic, partition), patience).High.Value;
        lock (gate)
        {
            if (positions.TryAdd(partition, end))
            {
                isAssigned = false;
            }
            if (reading.IsCompleted)
            {
                reading = Task.Factory.StartNew(
                    Read, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
        }
    }

    /// <summary>The answer to a command that is about to be sent to a partition.</summary>
    public ExpectedAnswer Expect(int partition, string commandId)
    {
        var answer = new ExpectedAnswer(this, partition, commandId);
        lock (gate)
        {
            usedAt = time.GetTimestamp();
            if (!expected.TryGetValue((partition, commandId), out var waiting))
            {
                expected[(partition, commandId)] = waiting = [];
            }
            waiting.Add(answer);
        }
        return answer;
    }

    /// <summary>Nobody waits for it any more.</summary>
    public void Forget(ExpectedAnswer answer)
    {
        lock (gate)
        {
            usedAt = time.GetTimestamp();
            var key = (answer.Partition, answer.CommandId);
            if (expected.TryGetValue(key, out var waiting) && waiting.Remove(answer) && waiting.Count == 0)
            {
                expected.Remove(key);
            }
        }
    }

    public void Dispose()
    {
        stopping.Cancel();
        reading.GetAwaiter().GetResult();
        reader.Dispose();
        stopping.Dispose();
    }

    private void Read()
    {
        while (!stopping.IsCancellationRequested && Assign())
        {
            try
            {
                if (reader.Consume(PollInterval) is { IsPartitionEOF: false } record)
                {
                    Take(record);
                }
                Problem = null;
            }
            catch (Exception e) when (e is KafkaException or RegistryUnavailableException)
            {
                // Not handed to those who wait: their commands are under way, and the answer may still be read.
                Problem = e.Message;
                lock (gate)
                {
                    isAssigned = false;
                }
                stopping.Token.WaitHandle.WaitOne(RetryPause);
            }
        }
    }

    /// <summary>Has the reader read what is followed; false when nothing is any more, and the thread ends.</summary>
    private bool Assign()
    {
        lock (gate)
        {
            if (expected.Count == 0 && time.GetElapsedTime(usedAt) > IdleLimit)
            {
                positions.Clear();
                reader.Unassign();
                // Said here, within the lock: who comes now begins another.
                reading = Task.CompletedTask;
                return false;
            }
            if (!isAssigned)
            {
                reader.Assign(positions.Select(p => new TopicPartitionOffset(topic, p.Key, p.Value)));
                isAssigned = true;
            }
            return true;
        }
    }

    private void Take(ConsumeResult<byte[]?, byte[]?> record)
    {
        var partition = record.Partition.Value;
        if (record.Message.Value is { } value && IsExpected(partition))
        {
            try
            {
                Answer(partition, outcomes.Deserialize(value));
            }
            catch (AvroException)
            {
                // No outcome, hence no answer.
            }
        }
        lock (gate)
        {
            positions[partition] = record.Offset.Value + 1;
        }
    }

    private bool IsExpected(int partition)
    {
        lock (gate)
        {
            return expected.Keys.Any(key => key.Partition == partition);
        }
    }

    private void Answer(int partition, AllocationOutcome outcome)
    {
        if (outcome.CommandId is not { } id || outcome.CausedBy is not null)
        {
            return;
        }
        lock (gate)
        {
            foreach (var answer in expected.GetValueOrDefault((partition, id)) ?? [])
            {
                answer.See(outcome);
            }
        }
    }
}
