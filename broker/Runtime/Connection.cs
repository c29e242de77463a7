using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Alloc.Broker.Apis;
using Alloc.Broker.Protocol;

namespace Alloc.Broker.Runtime;

/// <summary>
/// One client's connection: reads a frame, has it handled, writes the answer. Several requests may be in work; their
/// answers leave in the order of the requests.
/// </summary>
/// <remarks>
/// Whoever finds the oldest request answered writes: the reader, when the loop answered at once, else the thread pool.
/// Anything that breaks the protocol closes the connection; other connections never notice.
/// </remarks>
internal sealed class Connection : IThreadPoolWorkItem, IDisposable
{
    private const int ReadBufferBytes = 64 << 10;
    private const int CoalescedBytes = 64 << 10;

    /// <summary>A frame takes one slot and one more for each of these, so that a few large ones hold up the
    /// next.</summary>
    private const int BytesPerSlot = 4 << 20;

    private readonly BrokerCore broker;
    private readonly Stream stream;
    private readonly ClientAddress address;
    private readonly SemaphoreSlim slots;
    private readonly Queue<PendingRequest> pending = new();
    private readonly Lock gate = new();
    private readonly KafkaWriter output = new(4096);
    private readonly CancellationTokenSource closing = new();
    private readonly Action onAnswered;
    private int isPosting;
    private bool isWriting;
    private long lastActivity;

    public Connection(BrokerCore broker, Stream stream, ClientAddress address)
    {
        this.broker = broker;
        this.stream = stream;
        this.address = address;
        slots = new SemaphoreSlim(broker.Options.MaxInFlightPerConnection);
        Authentication = new Authentication(broker.Options.Credentials);
        onAnswered = Answered;
        lastActivity = broker.Time.GetTimestamp();
    }

    /// <summary>What the client has proven about itself.</summary>
    public Authentication Authentication { get; }

    /// <summary>Time since a frame came or an answer left.</summary>
    public TimeSpan IdleTime => broker.Time.GetElapsedTime(Volatile.Read(ref lastActivity));

    /// <summary>Serves the connection until the client leaves, misbehaves or <see cref="Close"/> is called.</summary>
    public async Task RunAsync()
    {
        var reader = PipeReader.Create(
            stream, new StreamPipeReaderOptions(bufferSize: ReadBufferBytes, leaveOpen: true));
        try
        {
            while (await ReadFrameAsync(reader).ConfigureAwait(false))
            {
            }
        }
        catch (Exception exception) when (exception is ProtocolException or IOException or OperationCanceledException
            or ObjectDisposedException)
        {
            Log.ConnectionRefused(broker.Logger, address.Client, exception.Message);
        }
        catch (Exception exception)
        {
            Log.RequestFailed(broker.Logger, "request", address.Client, exception);
        }
        finally
        {
            await reader.CompleteAsync().ConfigureAwait(false);
            Close();
            Abandon();
        }
    }

    /// <summary>Closes the connection; requests in work are not answered any more. From any thread.</summary>
    public void Close()
    {
        try
        {
            closing.Cancel();
        }
        catch (ObjectDisposedException)
        {
            return;
        }
        stream.Dispose();
    }

    /// <summary>Call once <see cref="RunAsync"/> has ended. The output buffer is left to the garbage collector, because
    /// an answer may still be on its way into it.</summary>
    public void Dispose()
    {
        closing.Dispose();
        slots.Dispose();
    }

    void IThreadPoolWorkItem.Execute() => _ = DrainAsync();

    private async ValueTask<bool> ReadFrameAsync(PipeReader reader)
    {
        var read = await reader.ReadAtLeastAsync(sizeof(int), closing.Token).ConfigureAwait(false);
        if (read.Buffer.Length < sizeof(int))
        {
            return false;
        }
        var size = ReadSize(read.Buffer);
        var minimum = Authentication.ExpectsBareToken ? 0 : RequestHeader.MinimumSize;
        if (size < minimum || size > broker.Options.MaxRequestBytes)
        {
            throw new ProtocolException($"a frame of {size} bytes");
        }
        reader.AdvanceTo(read.Buffer.Start, read.Buffer.GetPosition(sizeof(int)));
        read = await reader.ReadAtLeastAsync(sizeof(int) + size, closing.Token).ConfigureAwait(false);
        if (read.Buffer.Length < sizeof(int) + size)
        {
            return false;
        }
        var frame = ArrayPool<byte>.Shared.Rent(size);
        var body = read.Buffer.Slice(sizeof(int), size);
        body.CopyTo(frame);
        reader.AdvanceTo(body.End);
        for (var left = SlotsOf(size); left > 0; left--)
        {
            await slots.WaitAsync(closing.Token).ConfigureAwait(false);
        }
        Volatile.Write(ref lastActivity, broker.Time.GetTimestamp());
        if (Authentication.ExpectsBareToken)
        {
            await AcceptBareTokenAsync(frame.AsMemory(0, size)).ConfigureAwait(false);
        }
        else
        {
            Accept(frame, size);
        }
        return true;
    }

    /// <summary>The old form of SASL: a token in a frame of its own, answered by an empty frame or the connection's
    /// end.</summary>
    private async Task AcceptBareTokenAsync(ReadOnlyMemory<byte> token)
    {
        if (!Authentication.Authenticate(token.Span))
        {
            throw new ProtocolException("wrong user name or password");
        }
        slots.Release(SlotsOf(token.Length));
        await stream.WriteAsync(new byte[sizeof(int)], closing.Token).ConfigureAwait(false);
    }

    private int SlotsOf(int size) => Math.Min(broker.Options.MaxInFlightPerConnection, 1 + (size / BytesPerSlot));

    private static int ReadSize(ReadOnlySequence<byte> buffer)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        buffer.Slice(0, sizeof(int)).CopyTo(bytes);
        return BinaryPrimitives.ReadInt32BigEndian(bytes);
    }

    private void Accept(byte[] frame, int size)
    {
        var header = RequestHeader.Read(frame.AsMemory(0, size));
        if (!Authentication.Admits(header.Entry.Key))
        {
            throw new ProtocolException($"{header.Entry.Key} before authentication");
        }
        var exchange = new PendingRequest(broker, header.Entry, frame, onAnswered)
        {
            SlotCount = SlotsOf(size),
            ApiKey = header.Entry.Key,
            Version = header.Version,
            CorrelationId = header.CorrelationId,
            ClientId = header.ClientId,
            ClientHost = address.Client,
            BrokerHost = broker.Options.AdvertisedHost ?? address.LocalHost,
            BrokerPort = address.LocalPort,
            Authentication = Authentication,
        };
        if (header.Entry.Serves(header.Version))
        {
            var reader = new KafkaReader(header.Body, header.Version, header.Entry.IsFlexible(header.Version));
            exchange.Body = header.Entry.Api.ReadRequest(ref reader);
            reader.SkipTags();
            header.Entry.Api.PrepareRequest(exchange.Body, broker);
        }
        lock (gate)
        {
            pending.Enqueue(exchange);
        }
        Volatile.Write(ref isPosting, 1);
        if (exchange.Body is null)
        {
            exchange.Answer(UnsupportedApiVersions.Instance);
        }
        else
        {
            broker.Loop.Post(exchange);
        }
        Interlocked.Exchange(ref isPosting, 0);
        _ = DrainAsync();
    }

    /// <summary>Called once per request, mostly on the loop: has the answer written, unless the reader is about
    /// to.</summary>
    private void Answered()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref isPosting) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private async Task DrainAsync()
    {
        try
        {
            while (TakeAnswers())
            {
                if (output.Length > 0)
                {
                    await stream.WriteAsync(output.Written, closing.Token).ConfigureAwait(false);
                    output.Clear();
                }
                Volatile.Write(ref lastActivity, broker.Time.GetTimestamp());
                lock (gate)
                {
                    isWriting = false;
                }
            }
        }
        catch (Exception exception)
            when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            Close();
        }
        catch (Exception exception)
        {
            Log.RequestFailed(broker.Logger, "answer", address.Client, exception);
            Close();
        }
    }

    /// <summary>Collects the answers at the head of the queue. True: the caller is the one who writes.</summary>
    private bool TakeAnswers()
    {
        lock (gate)
        {
            if (isWriting || pending.Count == 0 || !pending.Peek().IsCompleted)
            {
                return false;
            }
            isWriting = true;
        }
        while (true)
        {
            PendingRequest? next;
            lock (gate)
            {
                if (output.Length >= CoalescedBytes || !pending.TryPeek(out next) || !next.IsCompleted)
                {
                    return true;
                }
                pending.Dequeue();
            }
            slots.Release(next.SlotCount);
            var isClosed = next.IsClosed;
            next.WriteTo(output);
            if (isClosed)
            {
                throw new IOException("the request's answer is to close the connection");
            }
        }
    }

    /// <summary>Gives back what requests in work hold.</summary>
    private void Abandon()
    {
        lock (gate)
        {
            foreach (var request in pending)
            {
                request.Close();
                (request.Response as IDisposable)?.Dispose();
            }
        }
    }
}
