using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Alloc.Web;

/// <summary>
/// The port that the console is going to listen on, held from the moment it is chosen: others are told of it before
/// there is anything to serve, and nobody else can take it in between.
/// </summary>
public sealed class ConsoleListener : IDisposable
{
    private readonly Socket socket;

    private ConsoleListener(Socket socket) => this.socket = socket;

    /// <summary>The port, 1 to 65535, also when any free one was asked for.</summary>
    public int Port => ((IPEndPoint)socket.LocalEndPoint!).Port;

    internal IPEndPoint EndPoint => (IPEndPoint)socket.LocalEndPoint!;

    /// <summary>Takes the port; nothing is answered yet.</summary>
    /// <exception cref="ConsoleStartException">The options are unsafe, the host is no address, or the port is in
    /// use or may not be used.</exception>
    public static ConsoleListener Bind(ConsoleOptions options)
    {
        options.Validate();
        var address = options.Host switch
        {
            "localhost" => IPAddress.Loopback,
            "*" => IPAddress.Any,
            _ => IPAddress.TryParse(options.Host, out var parsed)
                ? parsed
                : throw new ConsoleStartException(
                    $"'{options.Host}' is not an IP address.", "Give --console-host an address of this machine."),
        };
        try
        {
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(
                new IPEndPoint(address, options.Port));
            // One that is only bound can be bound again (SO_REUSEADDR); who asks early waits until there is an answer.
            socket.Listen();
            return new ConsoleListener(socket);
        }
        catch (SocketException e)
        {
            throw new ConsoleStartException(
                e.SocketErrorCode == SocketError.AddressAlreadyInUse
                    ? $"Port {options.Port} (console) is in use."
                    : $"Port {options.Port} (console) cannot be opened on {options.Host}: {e.Message}",
                "--console-port moves it.", e);
        }
    }

    /// <summary>The socket for the server that listens, which closes it from now on.</summary>
    internal Socket Take() => socket;

    /// <summary>Gives the port up. Does nothing once a server has closed it.</summary>
    public void Dispose() => socket.Dispose();
}
