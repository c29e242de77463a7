using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Alloc.Broker.Runtime;

/// <summary>Accepts connections and keeps them until they end.</summary>
internal sealed class Listener : IDisposable
{
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(50);
    private readonly BrokerCore broker;
    private readonly Socket socket;
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentDictionary<Served, Task> connections = new();
    private readonly Task accepting;
    private readonly ITimer idleCheck;
    private Task? stopped;
    private int connectionCount;

    private Listener(BrokerCore broker, Socket socket)
    {
        this.broker = broker;
        this.socket = socket;
        EndPoint = (IPEndPoint)socket.LocalEndPoint!;
        accepting = Task.Run(AcceptAsync);
        var interval = broker.Options.ConnectionIdleTimeout / 4;
        idleCheck = broker.Time.CreateTimer(_ => CloseIdle(), null, interval, interval);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Starts listening.</summary>
    /// <exception cref="BrokerStartException">The port is in use or the address is not of this machine.</exception>
    public static Listener Start(BrokerCore broker, IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endPoint);
            socket.Listen(512);
            return new Listener(broker, socket);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new BrokerStartException(
                exception.SocketErrorCode switch
                {
                    SocketError.AddressAlreadyInUse =>
                        $"Port {endPoint.Port} on {endPoint.Address} is in use by another "
                        + "process. Stop that one, or choose another port (0 takes any free one).",
                    SocketError.AccessDenied =>
                        $"Port {endPoint.Port} may not be used by this user. Choose one from 1024 on.",
                    _ => $"Listening on {endPoint} failed: {exception.Message}. Choose an address of this machine.",
                },
                exception);
        }
    }

    /// <summary>Stops accepting and ends all connections. Repeats wait for the first call.</summary>
    public Task StopAsync()
    {
        lock (connections)
        {
            return stopped ??= EndAsync();
        }
    }

    private async Task EndAsync()
    {
        await stopping.CancelAsync();
        await idleCheck.DisposeAsync();
        socket.Dispose();
        await accepting;
        foreach (var served in connections.Keys)
        {
            served.Close();
        }
        await Task.WhenAll(connections.Values);
        Dispose();
    }

    public void Dispose()
    {
        socket.Dispose();
        idleCheck.Dispose();
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await socket.AcceptAsync(stopping.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // The client left before it was accepted, or no descriptors are left: the latter needs some time.
                await Task.Delay(AcceptPause, broker.Time, CancellationToken.None).ConfigureAwait(false);
                continue;
            }
            if (Interlocked.Increment(ref connectionCount) > broker.Options.MaxConnections)
            {
                Interlocked.Decrement(ref connectionCount);
                client.Dispose();
                continue;
            }
            Serve(client);
        }
    }

    private void Serve(Socket client)
    {
        var served = new Served(client);
        connections[served] = Task.CompletedTask;
        var task = Task.Run(() => ServeAsync(served));
        connections.TryUpdate(served, task, Task.CompletedTask);
        if (stopping.IsCancellationRequested)
        {
            served.Close();
        }
    }

    private async Task ServeAsync(Served served)
    {
        try
        {
            served.Socket.NoDelay = true;
            var address = ClientAddress.Of(
                (IPEndPoint)served.Socket.RemoteEndPoint!, (IPEndPoint)served.Socket.LocalEndPoint!);
            await using var stream = await OpenStreamAsync(served.Socket).ConfigureAwait(false);
            using var connection = new Connection(broker, stream, address);
            served.Connection = connection;
            await connection.RunAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or IOException or AuthenticationException
            or OperationCanceledException or ObjectDisposedException)
        {
            Log.ConnectionRefused(broker.Logger, "a client", exception.Message);
        }
        finally
        {
            served.Socket.Dispose();
            connections.TryRemove(served, out _);
            Interlocked.Decrement(ref connectionCount);
        }
    }

    private async Task<Stream> OpenStreamAsync(Socket client)
    {
        var plain = new NetworkStream(client, ownsSocket: true);
        if (broker.Options.Certificate is not { } certificate)
        {
            return plain;
        }
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        timeout.CancelAfter(HandshakeTimeout);
        var secure = new SslStream(plain);
        await secure.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions { ServerCertificate = certificate }, timeout.Token)
                .ConfigureAwait(false);
        return secure;
    }

    private void CloseIdle()
    {
        foreach (var served in connections.Keys)
        {
            if (served.Connection?.IdleTime > broker.Options.ConnectionIdleTimeout)
            {
                served.Close();
            }
        }
    }

    /// <summary>One client, from accept to end.</summary>
    private sealed class Served(Socket socket)
    {
        public Socket Socket => socket;

        public Connection? Connection { get; set; }

        public void Close()
        {
            if (Connection is { } connection)
            {
                connection.Close();
            }
            socket.Dispose();
        }
    }
}
