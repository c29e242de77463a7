using System.Buffers;
using System.Buffers.Binary;
using Alloc.Broker.Apis;
using Alloc.Broker.Protocol;

namespace Alloc.Broker.Runtime;

/// <summary>A request that a connection has read, with its pooled frame, until its answer is written.</summary>
internal sealed class PendingRequest(
    BrokerCore broker, ApiEntry entry, byte[] frame, Action onAnswered) : Exchange, ILoopWork
{
    private byte[]? frame = frame;

    /// <summary>What the API's reader made of the frame; null where the version is not served.</summary>
    public object? Body { get; set; }

    /// <summary>Room that the request takes of its connection's.</summary>
    public required int SlotCount { get; init; }

    public void Run()
    {
        if (!IsCompleted)
        {
            broker.Handle(entry, Body!, this);
        }
    }

    /// <summary>Writes the answer, if there is one, and gives the frame back.</summary>
    public void WriteTo(KafkaWriter writer)
    {
        if (Response is { } response)
        {
            var start = writer.Length;
            writer.Begin(Version, entry.HasFlexibleResponseHeader(Version));
            writer.WriteInt32(0);
            writer.WriteInt32(CorrelationId);
            writer.WriteTags();
            writer.Begin(Version, entry.IsFlexible(Version));
            response.Write(writer);
            BinaryPrimitives.WriteInt32BigEndian(writer.WrittenSpan[start..], writer.Length - start - sizeof(int));
            (response as IDisposable)?.Dispose();
        }
        if (Interlocked.Exchange(ref frame, null) is { } rented)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    protected override void OnCompleted() => onAnswered();
}
