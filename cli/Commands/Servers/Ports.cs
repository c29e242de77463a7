using System.Net;
using System.Net.Sockets;
using Alloc.Client;

namespace Alloc.Cli.Commands.Servers;

/// <summary>A port that the process is about to listen on, and the option that moves it.</summary>
internal sealed record WantedPort(string Use, string Host, int Port, string Option);

/// <summary>
/// Tries every port before anything is started, so that a conflict is told whole and leaves nothing half started.
/// </summary>
internal static class Ports
{
    public static void EnsureFree(IEnumerable<WantedPort> wanted)
    {
        var ports = wanted.ToList();
        var taken = ports.Where(p => p.Port != 0).GroupBy(p => p.Port).Where(g => g.Count() > 1)
            .SelectMany(g => g.Skip(1)).ToList();
        if (taken.Count > 0)
        {
            throw AllocException.Usage(
                $"Port {taken[0].Port} is asked for twice.",
                $"Give {string.Join(" and ", taken.Select(p => p.Option))} another one.");
        }
        var conflicts = ports.Where(p => p.Port != 0 && !IsFree(p)).ToList();
        if (conflicts.Count == 0)
        {
            return;
        }
        var one = conflicts.Count == 1;
        throw AllocException.Failed(
            string.Join("; ", conflicts.Select(c => $"Port {c.Port} ({c.Use}) is in use")) + ".",
            $"Another 'alloc dev' may be running. "
            + $"{string.Join(", ", conflicts.Select(c => $"{c.Option} {c.Port + 10_000}"))} "
            + $"{(one ? "moves it" : "moves them")}, or give 0 to take any free port.");
    }

    private static bool IsFree(WantedPort wanted)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // As the servers do: a port in TIME_WAIT is free, one that somebody listens on is not.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(new IPEndPoint(Address(wanted.Host), wanted.Port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
        catch (SocketException e)
        {
            throw AllocException.Failed(
                $"Port {wanted.Port} ({wanted.Use}) cannot be opened on {wanted.Host}: {e.Message}",
                $"{wanted.Option} moves it.", e);
        }
    }

    private static IPAddress Address(string host) => host switch
    {
        "localhost" => IPAddress.Loopback,
        "*" or "0.0.0.0" => IPAddress.Any,
        _ => IPAddress.TryParse(host, out var address) ? address : IPAddress.Loopback,
    };
}
