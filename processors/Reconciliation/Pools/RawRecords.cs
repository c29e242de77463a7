using System.Globalization;
using System.Text;
using Alloc.Engine.Processing;
using Alloc.Processors.Allocation.Ledger;

namespace Alloc.Processors.Reconciliation.Pools;

/// <summary>A command as it lies in the log: that it is there is all that most comparisons need.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Value">Its value.</param>
internal sealed record RawCommand(byte[]? Key, byte[]? Value);

/// <summary>Where a dead letter comes from.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Offset">The offset, in the partition of the letter.</param>
internal sealed record DeadLetterOrigin(string Topic, long Offset);

/// <summary>Hands commands on as bytes. Ticks are nobody's question, so they are left out.</summary>
internal sealed class ReadCommands : IProcessor<byte[], byte[], string, object>
{
    private static readonly byte[] Tick = Encoding.UTF8.GetBytes(ReservedKeys.Tick);
    private IProcessorContext<string, object> context = null!;

    public void Init(IProcessorContext<string, object> context) => this.context = context;

    public void Process(in Record<byte[], byte[]> record)
    {
        if (record.Key is null || !record.Key.AsSpan().SequenceEqual(Tick))
        {
            context.Forward(new Record<string, object>(
                "", new RawCommand(record.Key, record.Value), record.TimestampMs));
        }
    }
}

/// <summary>Reads from the headers of dead letters where they come from.</summary>
internal sealed class ReadOrigins : IProcessor<byte[], byte[], string, object>
{
    private IProcessorContext<string, object> context = null!;

    public void Init(IProcessorContext<string, object> context) => this.context = context;

    public void Process(in Record<byte[], byte[]> record)
    {
        if (record.Headers?.LastText(DeadLetterHeaders.Topic) is { } topic && long.TryParse(
            record.Headers.LastText(DeadLetterHeaders.Offset), NumberStyles.None, CultureInfo.InvariantCulture,
            out var offset))
        {
            context.Forward(new Record<string, object>("", new DeadLetterOrigin(topic, offset), record.TimestampMs));
        }
    }
}

/// <summary>
/// Reads records that another application of ours reads too, and makes dead letters of where they are bad: here those
/// are counted and left out.
/// </summary>
internal sealed class ReadLeniently<T>(IDeserializer<T> values, string topic, ReconciliationInstruments instruments)
    : IProcessor<byte[], byte[], string, object>
    where T : class
{
    private IProcessorContext<string, object> context = null!;

    public void Init(IProcessorContext<string, object> context) => this.context = context;

    public void Process(in Record<byte[], byte[]> record)
    {
        string key;
        T value;
        try
        {
            if (record.Key is null || record.Value is null)
            {
                throw new BadRecordException("it has no key or no value") { Kind = BadRecordKind.Incomplete };
            }
            key = Serdes.Utf8.Deserialize(record.Key);
            value = values.Deserialize(record.Value);
        }
        catch (BadRecordException)
        {
            instruments.Ignore(topic, IgnoredWhy.Unreadable);
            return;
        }
        context.Forward(new Record<string, object>(key, value, record.TimestampMs));
    }
}
