using Alloc.Client;
using Confluent.Kafka;

namespace Alloc.Host.Projection;

/// <summary>Reads one partition of the journal, what is committed, piece by piece.</summary>
internal sealed class ScopeJournal : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(100);
    private readonly IConsumer<byte[]?, byte[]?> consumer;
    private readonly TopicPartition partition;
    private readonly TimeSpan timeout;

    /// <param name="consumer">What reads; the reader's own from now on.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="timeout">How long the broker may take to say where the journal begins and ends.</param>
    /// <param name="from">Where to begin; null: where the journal does.</param>
    public ScopeJournal(
        IConsumer<byte[]?, byte[]?> consumer, TopicPartition partition, TimeSpan timeout, long? from = null)
    {
        this.consumer = consumer;
        this.partition = partition;
        this.timeout = timeout;
        First = Ends().Low.Value;
        Next = from ?? First;
    }

    /// <summary>The first offset that the journal has.</summary>
    public long First { get; }

    /// <summary>The offset up to which it was read.</summary>
    public long Next { get; private set; }

    /// <summary>Where the journal ends now.</summary>
    public long End => Ends().High.Value;

    /// <summary>Reads on to where the journal ends for a reader of committed records.</summary>
    /// <param name="take">Given key, value and offset of each record.</param>
    /// <param name="cancellation">Stops it.</param>
    public void ReadOn(Action<byte[]?, byte[]?, long> take, CancellationToken cancellation)
    {
        // Assigned anew, the end is told anew.
        consumer.Assign(new TopicPartitionOffset(partition, Next));
        var waited = TimeSpan.Zero;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var record = consumer.Consume(Turn);
            if (record is null)
            {
                waited += Turn;
                if (waited > Patience)
                {
                    throw AllocException.Unavailable(
                        $"{partition} gave no record for {Patience.TotalSeconds:0} s at offset {Next}.");
                }
                continue;
            }
            waited = TimeSpan.Zero;
            if (record.IsPartitionEOF)
            {
                Next = Math.Max(Next, record.Offset.Value);
                return;
            }
            take(record.Message.Key, record.Message.Value, record.Offset.Value);
            Next = record.Offset.Value + 1;
        }
    }

    public void Dispose()
    {
        consumer.Close();
        consumer.Dispose();
    }

    private WatermarkOffsets Ends() => consumer.QueryWatermarkOffsets(partition, timeout);
}
