using System.Buffers.Binary;
using System.Net.Sockets;
using Alloc.Broker.Apis;
using Alloc.Broker.Protocol;

namespace Broker.Tests;

/// <summary>Says anything to a broker, right or wrong, byte by byte.</summary>
internal sealed class WireClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly TcpClient client = new() { NoDelay = true };
    private NetworkStream stream = null!;
    private int nextCorrelationId = 1;

    public static Task<WireClient> ConnectAsync(TestBroker broker) => ConnectAsync(broker.Broker.Port);

    public static async Task<WireClient> ConnectAsync(int port)
    {
        var wire = new WireClient();
        await wire.client.ConnectAsync("127.0.0.1", port);
        wire.stream = wire.client.GetStream();
        return wire;
    }

    /// <summary>Sends a request and returns the answer's body.</summary>
    public async Task<byte[]> AskAsync(ApiKey key, short version, Action<KafkaWriter> body)
    {
        await SendAsync(key, version, body);
        return await ReceiveAsync(key, version) ?? throw new IOException("the broker closed the connection");
    }

    /// <summary>Sends a request.</summary>
    public Task SendAsync(ApiKey key, short version, Action<KafkaWriter> body) =>
        SendRawAsync(Frame(key, version, body));

    /// <summary>A request as bytes.</summary>
    public byte[] Frame(ApiKey key, short version, Action<KafkaWriter> body)
    {
        using var writer = new KafkaWriter();
        var isFlexible = ApiTable.Find((short)key)?.IsFlexible(version) ?? false;
        writer.WriteInt32(0);
        writer.WriteInt16((short)key);
        writer.WriteInt16(version);
        writer.WriteInt32(nextCorrelationId++);
        writer.WriteNullableString("wire");
        writer.Begin(version, isFlexible);
        writer.WriteTags();
        body(writer);
        BinaryPrimitives.WriteInt32BigEndian(writer.WrittenSpan, writer.Length - sizeof(int));
        return writer.Written.ToArray();
    }

    public async Task SendRawAsync(ReadOnlyMemory<byte> bytes)
    {
        await stream.WriteAsync(bytes);
        await stream.FlushAsync();
    }

    /// <summary>Reads an answer's body, past its header; null if the broker closed the connection.</summary>
    public async Task<byte[]?> ReceiveAsync(ApiKey key, short version)
    {
        var header = ApiTable.Find((short)key)!.HasFlexibleResponseHeader(version) ? 5 : 4;
        return await ReceiveFrameAsync() is { } frame ? frame[header..] : null;
    }

    /// <summary>Reads a frame; null if the broker closed the connection.</summary>
    public async Task<byte[]?> ReceiveFrameAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        try
        {
            var size = new byte[4];
            await stream.ReadExactlyAsync(size, deadline.Token);
            var frame = new byte[BinaryPrimitives.ReadInt32BigEndian(size)];
            await stream.ReadExactlyAsync(frame, deadline.Token);
            return frame;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Closes with a reset instead of a farewell.</summary>
    public void Reset()
    {
        client.Client.LingerState = new LingerOption(true, 0);
        client.Client.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        if (stream is not null)
        {
            await stream.DisposeAsync();
        }
        client.Dispose();
    }
}
