using System.Buffers.Binary;
using System.Net.Sockets;

namespace Alloc.Engine.LogClient;

/// <summary>
/// A connection to one broker, without TLS and SASL, for questions that the client library cannot ask. Answers come in
/// the order of the questions, so several may be under way.
/// </summary>
internal sealed class WireConnection : IDisposable
{
    private const int LargestAnswerBytes = 16 << 20;
    private readonly TcpClient client;
    private readonly NetworkStream stream;
    private int sent;
    private int received;

    private WireConnection(TcpClient client, TimeSpan timeout)
    {
        this.client = client;
        stream = client.GetStream();
        stream.ReadTimeout = stream.WriteTimeout = (int)timeout.TotalMilliseconds;
    }

    /// <summary>Connects.</summary>
    /// <param name="broker">Its host and port.</param>
    /// <param name="timeout">How long connecting, and each answer, may take.</param>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    /// <exception cref="OperationCanceledException">It does not answer in time.</exception>
    public static WireConnection Open((string Host, int Port) broker, TimeSpan timeout)
    {
        using var deadline = new CancellationTokenSource(timeout);
        var client = new TcpClient { NoDelay = true };
        try
        {
            client.ConnectAsync(broker.Host, broker.Port, deadline.Token).AsTask().GetAwaiter().GetResult();
            return new WireConnection(client, timeout);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Asks.</summary>
    /// <param name="api">The API's key.</param>
    /// <param name="version">Its version.</param>
    /// <param name="isFlexible">Whether that version is flexible (KIP-482).</param>
    /// <param name="body">What follows the header.</param>
    /// <exception cref="IOException">The connection is gone, or takes nothing in time.</exception>
    public void Send(short api, short version, bool isFlexible, WireBuffer body)
    {
        var header = new WireBuffer().Int16(api).Int16(version).Int32(++sent).OldText("alloc");
        byte[] request = [.. (isFlexible ? header.Tags() : header).Written, .. body.Written];
        stream.Write([.. new WireBuffer().Int32(request.Length).Written, .. request]);
    }

    /// <summary>The answer to the oldest question that has none: what follows its header.</summary>
    /// <param name="isFlexible">Whether it was asked in a flexible version.</param>
    /// <exception cref="IOException">The connection is gone, or nothing came in time.</exception>
    /// <exception cref="InvalidDataException">It is not an answer to that question, or too long.</exception>
    public WireBuffer Receive(bool isFlexible)
    {
        var size = new byte[sizeof(int)];
        stream.ReadExactly(size);
        var length = BinaryPrimitives.ReadInt32BigEndian(size);
        if (length is < sizeof(int) or > LargestAnswerBytes)
        {
            throw new InvalidDataException($"an answer of {length} bytes");
        }
        var answer = new byte[length];
        stream.ReadExactly(answer);
        var buffer = new WireBuffer(answer);
        if (buffer.ReadInt32() != ++received)
        {
            throw new InvalidDataException("an answer to another question");
        }
        if (isFlexible)
        {
            buffer.SkipTags();
        }
        return buffer;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stream.Dispose();
        client.Dispose();
    }
}
